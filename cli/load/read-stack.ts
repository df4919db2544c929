import { basename, dirname, resolve } from 'node:path'
import { absolutePath, addEnvFiles, envFilePaths } from './env/project-environment.ts'
import { findFiles, namedFiles } from './find-files.ts'
import { substitute } from './interpolate/template.ts'
import type { LoadOptions } from './load-options.ts'
import { topLevelName } from './merge/merge-trees.ts'
import type { Problems } from './problems.ts'
import { isProjectName, normalizeProjectName } from './project-name.ts'
import { type ParsedFile, StackReader } from './read/stack-reader.ts'
import { isRemote, localCopy } from './remote-files.ts'
import type { MapNode } from './yaml/node.ts'
import { pathOf } from './yaml/path.ts'

/** Where a project is and what it is called, before anything of it is understood. */
export interface RawStack {
  readonly name: string
  readonly projectDir: string
  readonly files: readonly string[]
  readonly environment: ReadonlyMap<string, string>
  readonly tree: MapNode | undefined
}

/** Finds the files, makes the environment, settles the project's name and reads everything into one merged tree. */
export function readStack(
  options: LoadOptions,
  problems: Problems,
): { readonly raw: RawStack; readonly reader: StackReader } {
  const { fs, cwd } = options
  const reader = new StackReader({
    fs,
    problems,
    stdin: options.stdin,
    noInterpolate: options.noInterpolate === true,
    remoteFiles: options.remoteFiles,
  })
  const environment = new Map<string, string>()
  for (const [name, value] of Object.entries(options.env)) if (value !== undefined) environment.set(name, value)
  if (!environment.has('PWD')) environment.set('PWD', cwd)

  const { files, projectDir } = locate(options, environment, problems)
  const scope = { baseDir: projectDir, projectDir, env: environment }
  const parsed = problems.hasErrors
    ? []
    : files.map(path => reader.parse(path, scope)).filter((file): file is ParsedFile => file !== undefined)
  const name = projectName(options, environment, projectDir, parsed, problems)
  environment.set('COMPOSE_PROJECT_NAME', name)
  const tree = reader.merge(parsed, [])
  return { raw: { name, projectDir, files, environment, tree }, reader }
}

/** `.env` is looked for twice: where the command was called, since it may set COMPOSE_FILE, and then beside the stack file. */
function locate(
  options: LoadOptions,
  environment: Map<string, string>,
  problems: Problems,
): { readonly files: readonly string[]; readonly projectDir: string } {
  const { fs, cwd } = options
  const given = options.projectDirectory === undefined ? undefined : resolve(cwd, options.projectDirectory)
  const firstNamed = (options.files ?? []).find(path => path !== '-' && !isRemote(path))
  const firstDir = given ?? (firstNamed === undefined ? cwd : dirname(absolutePath(cwd, firstNamed)))
  const before = envFilePaths(options.envFiles, environment, cwd, firstDir, fs)
  addEnvFiles(environment, before.paths, fs, problems)

  const named = namedFiles(options.files, environment, cwd) ?? findFiles(given ?? cwd, fs, problems)
  const files = named.flatMap(path => (isRemote(path) ? (localCopy(path, options.remoteFiles, problems) ?? []) : path))
  if (files.length === 0 && !problems.hasErrors) {
    problems.error({
      code: 'no-stack-file',
      message: `there is no stack file in ${given ?? cwd} or a folder above it`,
      hint: 'write a stack.yaml, or name one with -f',
    })
  }
  const main = files.find(path => path !== '-')
  const projectDir = given ?? (main === undefined ? cwd : dirname(main))
  if (!before.isNamed && projectDir !== firstDir) {
    addEnvFiles(environment, envFilePaths(undefined, environment, cwd, projectDir, fs).paths, fs, problems)
  }
  return { files, projectDir }
}

/** -p, COMPOSE_PROJECT_NAME, the last `name:`, the folder: the first two must be valid, the others are made so. */
function projectName(
  options: LoadOptions,
  environment: ReadonlyMap<string, string>,
  projectDir: string,
  files: readonly ParsedFile[],
  problems: Problems,
): string {
  const given = options.projectName || environment.get('COMPOSE_PROJECT_NAME')
  if (given) {
    if (!isProjectName(given)) {
      problems.error({
        code: 'bad-name',
        message: `${JSON.stringify(given)} is not a project name: it must begin with a lower-case letter or digit and hold only these, "-" and "_"`,
        hint: `use ${JSON.stringify(normalizeProjectName(given) || 'app')}`,
      })
    }
    return given
  }
  const named = files
    .flatMap(file => file.documents)
    .map(topLevelName)
    .filter(node => node?.kind === 'scalar' && typeof node.value === 'string')
    .at(-1)
  if (named?.kind === 'scalar') {
    const text = substitute(String(named.value), { lookup: name => environment.get(name) })
    const name = normalizeProjectName(text.ok ? text.text : '')
    if (name !== '') return name
    if (text.ok && text.text !== '') {
      problems.error({
        code: 'bad-name',
        message: `no project name can be made of ${JSON.stringify(text.text)}`,
        path: pathOf('name'),
        mark: named.mark,
        hint: 'it needs a letter or a digit',
      })
      return ''
    }
  }
  const fromFolder = normalizeProjectName(basename(projectDir))
  if (fromFolder !== '' || problems.hasErrors) return fromFolder
  problems.error({
    code: 'bad-name',
    message: `no project name can be made of the folder ${JSON.stringify(basename(projectDir))}`,
    hint: 'give one with -p, or write name: NAME in the stack file',
  })
  return ''
}
