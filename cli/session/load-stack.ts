import { BerthError } from '../../schemas/errors.ts'
import { hostFiles } from '../load/files.ts'
import type { LoadedStack, LoadOptions } from '../load/load-options.ts'
import { loadProject } from '../load/load-project.ts'
import { RemoteFiles } from '../load/remote-files.ts'
import type { Project } from '../model/project.ts'
import type { Context } from './context.ts'
import { InvalidStackError } from './invalid-stack-error.ts'
import { writeDiagnostics } from './write-diagnostics.ts'

export type StackChoices = Pick<
  LoadOptions,
  'services' | 'onlyNamed' | 'noServiceFiles' | 'allResources' | 'noNormalize' | 'noPathResolution' | 'noConsistency'
>

/** Loads the stack that the global flags name. Mistakes are thrown all together; warnings are printed unless progress is quiet. */
export async function loadStack(
  context: Context,
  choices: StackChoices = {},
): Promise<LoadedStack & { readonly project: Project }> {
  const stack = await load(context, choices)
  const { project } = stack
  if (project === undefined) throw new InvalidStackError(stack)
  showWarnings(context, stack)
  return { ...stack, project }
}

export type Template = LoadedStack & { readonly canonical: NonNullable<LoadedStack['canonical']> }

/** The same with variables left as they are written: a tree to print, no project to run. */
export async function loadTemplate(context: Context, choices: StackChoices = {}): Promise<Template> {
  const stack = await load(context, { ...choices, noInterpolate: true })
  const { canonical } = stack
  if (canonical === undefined) throw new InvalidStackError(stack)
  showWarnings(context, stack)
  return { ...stack, canonical }
}

async function load(
  context: Context,
  choices: StackChoices & Pick<LoadOptions, 'noInterpolate'>,
): Promise<LoadedStack> {
  const { globals, cwd, env } = context
  const stdin = globals.file.includes('-') ? await readAll(context) : undefined
  const remoteFiles = new RemoteFiles()
  const options: LoadOptions = {
    allResources: globals.allResources,
    ...choices,
    cwd,
    env,
    fs: hostFiles,
    files: globals.file,
    stdin,
    projectName: globals.projectName,
    projectDirectory: globals.projectDirectory,
    envFiles: globals.envFile,
    profiles: globals.profile,
    compatibility: globals.compatibility,
    remoteFiles,
  }
  for (;;) {
    const stack = await loadProject(options)
    if (remoteFiles.wanted.size === 0) return stack
    // What an address has may name the next one.
    const { fetchRemote } = await import('../remote/fetch-remote.ts')
    for (const address of remoteFiles.wanted) {
      remoteFiles.add(address, await fetchRemote(env, address, context.signal))
    }
  }
}

function showWarnings(context: Context, stack: LoadedStack): void {
  const { progress } = context.globals
  if (progress !== 'quiet' && progress !== 'json') writeDiagnostics(context, stack)
}

/** Fails for the first name that is no service of the stack, in Compose's words, with the nearest one. */
export function requireServices(project: Project, names: readonly string[]): void {
  const unknown = names.find(name => project.services[name] === undefined)
  if (unknown === undefined) return
  throw new BerthError('NOT_FOUND', `no such service: ${unknown}`, {
    hint: `services of ${project.name}: ${Object.keys(project.services).join(', ') || 'none'}`,
  })
}

async function readAll({ stdin: open }: Context): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of open()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
