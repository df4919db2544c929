import { BerthError } from '../../schemas/errors.ts'
import { berthVersion } from '../../schemas/version.ts'
import { renderYaml } from '../load/render-yaml.ts'
import { artifactManifest, artifactTypes, emptyConfig, type StackLayer } from '../publish/artifact.ts'
import { concerns, obstacles } from '../publish/concerns.ts'
import { packStack } from '../publish/pack-stack.ts'
import { Distribution } from '../registry/distribution.ts'
import { confirm } from '../session/confirm.ts'
import { type Context, print } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { loadStack } from '../session/load-stack.ts'
import { pinnedImages } from '../session/pin-images.ts'
import { transferServices } from '../session/transfer-services.ts'
import { defineCommand } from './definition.ts'
import { pushPlan } from './push.ts'

interface PublishFlags {
  readonly ociVersion: '1.0' | '1.1'
  readonly resolveImageDigests?: true
  readonly withEnv?: true
  readonly yes?: true
}

export const publish = defineCommand<PublishFlags>({
  configure: command =>
    command
      .argument('<NAME>', 'repository and tag: registry.example.com/team/shop:1')
      .addOption(choice('--oci-version <version>', 'for registries that know no artifacts: 1.0', ['1.0', '1.1'], '1.1'))
      .option('--resolve-image-digests', 'pin images to the digests that their registries have now')
      .option('--with-env', 'publish variables and env files too')
      .option('-y, --yes', 'ask nothing'),
  details:
    'The files of the stack go to a registry as an artifact, which "berth -f oci://NAME" and docker compose read. What they extend and, with\n' +
    '--with-env, env files go along; build contexts, binds, configs and secrets do not. Images that are built here are pushed to their registry.',
  examples: [
    { line: 'berth publish registry.example.com/team/shop:1', means: 'the stack of this folder' },
    { line: 'berth -f oci://registry.example.com/team/shop:1 up -d', means: 'bring it up elsewhere' },
  ],
  handlesInterrupt: true,
  async run(outer, [name = ''], flags) {
    const context = { ...outer, globals: { ...outer.globals, profile: ['*'] } }
    const { project, environment } = await loadStack(context)
    if (project.files.includes('-'))
      throw new BerthError('USAGE', 'a stack on standard input cannot be published: name its file with -f')
    const isWithEnvironment = flags.withEnv === true
    const reasons = obstacles(project, isWithEnvironment)
    if (reasons.length > 0) {
      throw new BerthError('INVALID_ARGUMENT', `the stack cannot be published:\n  ${reasons.join('\n  ')}`, {
        hint: isWithEnvironment
          ? 'add "image" beside "build"'
          : 'use --with-env to publish variables, or take them out',
      })
    }
    const layers = packStack(project.files, {
      workingDir: project.workingDir,
      environment: new Map(Object.entries(environment)),
      withEnvironment: isWithEnvironment,
    })
    if (flags.yes !== true && !(await isFine(context, project, layers))) return 1
    const isBuilt = Object.values(project.services).some(({ build }) => build !== undefined)
    if (isBuilt && !context.globals.dryRun) await transferServices(context, [], { ...pushPlan, ignoresFailures: true })
    const pins = flags.resolveImageDigests ? await pinnedImages(context, project) : undefined
    await send(context, name, pins === undefined ? layers : [...layers, pinLayer(pins)], flags.ociVersion)
    return 0
  },
})

async function isFine(
  context: Context,
  project: Parameters<typeof concerns>[0],
  layers: readonly StackLayer[],
): Promise<boolean> {
  const files = new Map(layers.map(({ name, content }) => [name, content.toString()]))
  for (const { about, question } of concerns(project, files)) {
    context.stderr.write(`${about.map(line => `  ${line}\n`).join('')}`)
    if (!(await confirm(context, question, '--yes'))) return false
  }
  return true
}

/** Merged over the rest, like `config --lock-image-digests`. */
function pinLayer(images: Readonly<Record<string, string>>): StackLayer {
  const services = Object.fromEntries(Object.entries(images).map(([service, image]) => [service, { image }]))
  return { kind: 'file', name: 'image-digests.yaml', content: Buffer.from(renderYaml({ services })) }
}

async function send(
  context: Context,
  name: string,
  layers: readonly StackLayer[],
  ociVersion: '1.0' | '1.1',
): Promise<void> {
  const manifest = artifactManifest(layers, {
    created: `${new Date().toISOString().slice(0, 19)}Z`,
    version: berthVersion,
    ociVersion,
  })
  if (context.globals.dryRun) {
    print(context, `${name}: ${layers.length} files would be published\n`)
    return
  }
  const registry = await Distribution.open(context.env, name, 'pull,push', context.signal)
  for (const content of [emptyConfig, ...layers.map(layer => layer.content)]) await registry.putBlob(content)
  await registry.putManifest(manifest, artifactTypes.manifest)
  print(context, `${name} published\n`)
}
