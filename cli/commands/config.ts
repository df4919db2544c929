import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Option } from 'commander'
import { BerthError } from '../../schemas/errors.ts'
import type { LoadedStack } from '../load/load-options.ts'
import { renderJson, renderYaml } from '../load/render-yaml.ts'
import { explainPath } from '../model/explain-path.ts'
import type { Project } from '../model/project.ts'
import { builtImageName } from '../plan/spec.ts'
import { type Context, print } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { loadStack, loadTemplate, requireServices, type Template } from '../session/load-stack.ts'
import { defineCommand } from './definition.ts'

interface ConfigFlags {
  readonly format: 'yaml' | 'json'
  readonly environment?: true
  readonly hash?: string
  readonly explain?: string
  readonly images?: true
  readonly networks?: true
  readonly models?: true
  readonly resolveImageDigests?: true
  readonly lockImageDigests?: true
  readonly profiles?: true
  readonly services?: true
  readonly variables?: true
  readonly volumes?: true
  readonly quiet?: true
  readonly output?: string
  readonly interpolate: boolean
  readonly normalize: boolean
  readonly pathResolution: boolean
  readonly consistency: boolean
}

export const config = defineCommand<ConfigFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to print (default: all)')
      .addOption(choice('--format <how>', 'yaml or json', ['yaml', 'json'], 'yaml'))
      .option('-q, --quiet', 'only check; print nothing')
      .option('-o, --output <file>', 'write to a file')
      .option('--services', 'print names of services')
      .option('--images', 'print names of images')
      .option('--networks', 'print names of networks')
      .option('--volumes', 'print names of volumes')
      .option('--profiles', 'print names of profiles')
      .option('--variables', 'print the variables that the files use')
      .option('--environment', 'print the values that variables are taken from')
      .option('--hash <services>', 'print the hash of services: names with commas between, or *')
      .option('--models', 'print the models that are used')
      .option('--resolve-image-digests', 'pin images to the digests that their registries have now')
      .option('--lock-image-digests', 'print a file that does only that, to be merged over this one')
      .option('--explain <key>', 'which file and line set a value, and all below it, e.g. services.web.environment')
      .option('--no-interpolate', 'leave variables as they are written')
      .option('--no-normalize', 'leave out what follows from defaults')
      .option('--no-path-resolution', 'leave paths relative')
      // Compose takes it too, and it changes nothing there either (2.40).
      .addOption(new Option('--no-env-resolution', 'leave env files out').hideHelp())
      .option('--no-consistency', 'do not check what services refer to'),
  examples: [
    { line: 'berth config', means: 'the stack as Berth understands it' },
    { line: 'berth config -q && echo fine', means: 'check a file' },
    { line: 'berth config --hash "*"', means: 'what decides whether a container is made anew' },
  ],
  async run(context, services, flags) {
    if (flags.variables || !flags.interpolate) {
      const template = await loadTemplate(context, {
        services,
        onlyNamed: true,
        noNormalize: !flags.normalize,
        noPathResolution: !flags.pathResolution,
      })
      await write(context, templateOutput(template, flags), flags)
      return 0
    }
    const stack = await loadStack(context, {
      // Compose lists all that its profiles make active, whatever is named.
      services: flags.services ? [] : services,
      onlyNamed: true,
      noNormalize: !flags.normalize,
      noPathResolution: !flags.pathResolution,
      noConsistency: !flags.consistency,
    })
    if (!flags.services) requireServices(stack.project, services)
    if (flags.lockImageDigests || flags.resolveImageDigests) {
      const canonical = await pinned(context, stack.project, flags)
      await write(context, flags.quiet ? '' : rendered(canonical, flags, false), flags)
      return 0
    }
    await write(context, output(stack, flags), flags)
    return 0
  },
})

/** The tree with its images pinned, or only what pins them. */
async function pinned(
  context: Context,
  project: Project,
  { lockImageDigests }: ConfigFlags,
): Promise<Project['canonical']> {
  const { pinnedImages } = await import('../session/pin-images.ts')
  const images = Object.entries(await pinnedImages(context, project))
  if (lockImageDigests) return { services: Object.fromEntries(images.map(([name, image]) => [name, { image }])) }
  const services = project.canonical['services'] as Readonly<Record<string, object>>
  const merged = images.map(([name, image]) => [name, { ...services[name], image }] as const)
  return { ...project.canonical, services: { ...services, ...Object.fromEntries(merged) } }
}

async function write(context: Context, text: string, { output: file }: ConfigFlags): Promise<void> {
  if (file === undefined) print(context, text)
  else await writeFile(resolve(context.cwd, file), text)
}

/** Without substitution there is no project, only the tree as it is written. */
function templateOutput({ canonical, variables }: Template, flags: ConfigFlags): string {
  if (flags.quiet) return ''
  if (flags.variables) return variablesTable(variables)
  return rendered(canonical, flags, true)
}

function rendered(canonical: Project['canonical'], { format }: ConfigFlags, isTemplate: boolean): string {
  return format === 'json' ? renderJson(canonical, { isTemplate }) : renderYaml(canonical, { isTemplate })
}

function output(stack: LoadedStack & { readonly project: Project }, flags: ConfigFlags): string {
  const { project } = stack
  if (flags.quiet) return ''
  if (flags.services) return lines(Object.keys(project.services))
  if (flags.images)
    return lines(
      Object.values(project.services).map(service => service.image?.text ?? builtImageName(project, service)),
    )
  if (flags.models) return lines(modelNames(project))
  if (flags.networks) return lines(Object.keys(project.networks))
  if (flags.volumes) return lines(Object.keys(project.volumes))
  if (flags.profiles) return lines(stack.profiles)
  if (flags.environment)
    return lines(
      Object.entries(stack.environment)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    )
  if (flags.hash !== undefined) return hashes(project, flags.hash)
  if (flags.explain !== undefined) return explained(project, flags.explain)
  return rendered(project.canonical, flags, false)
}

/** Of what is run, not of what the stack calls it. */
function modelNames({ canonical }: Project): readonly string[] {
  const models = (canonical['models'] ?? {}) as Readonly<Record<string, { readonly model?: string }>>
  return Object.values(models).flatMap(({ model }) => model ?? [])
}

function hashes(project: Project, wanted: string): string {
  const names = wanted === '*' ? Object.keys(project.services) : wanted.split(',')
  return lines(
    names.map(name => {
      const service = project.services[name]
      if (!service) throw new BerthError('NOT_FOUND', `no such service: ${name}`)
      return `${name} ${service.configHash}`
    }),
  )
}

/** `services.web.image = "nginx"  /srv/stack.yaml:4:12`; a value without a place follows from what else is written. */
function explained(project: Project, path: string): string {
  const found = explainPath(project, path)
  if (found === undefined) {
    throw new BerthError('NOT_FOUND', `the stack has nothing at ${path}`, {
      hint: 'write it as plan and the error messages do: services.web.ports[0].target',
    })
  }
  return lines(
    found.map(({ path: at, value, position }) => {
      const place =
        position === undefined ? 'not written: a default' : `${position.file}:${position.line}:${position.column}`
      return `${at} = ${JSON.stringify(value)}  ${place}`
    }),
  )
}

/** Columns of at least 20 characters with 3 blanks between them, as Compose prints this table. */
function variablesTable(variables: LoadedStack['variables']): string {
  const rows = [
    ['NAME', 'REQUIRED', 'DEFAULT VALUE', 'ALTERNATE VALUE'],
    ...variables.map(each => [each.name, String(each.isRequired), each.defaultValue, each.alternateValue]),
  ]
  const widths = [0, 1, 2].map(column => Math.max(20, ...rows.map(row => (row[column] ?? '').length + 3)))
  return lines(rows.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('')))
}

function lines(texts: readonly string[]): string {
  return texts.map(text => `${text}\n`).join('')
}
