import { Option } from 'commander'
import { BerthError } from '../../schemas/errors.ts'
import { build as buildStack, planBuild } from '../apply/build.ts'
import { bakeFile } from '../plan/bake-file.ts'
import { parseSsh } from '../plan/builds.ts'
import { runUseCase } from '../session/apply.ts'
import { type BuildPathFlags, buildPath, isPath } from '../session/build-path.ts'
import { connect } from '../session/connect.ts'
import { type Context, print } from '../session/context.ts'
import { choice, collect, type ProgressMode, progressModes } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'
import { push } from './push.ts'

interface BuildFlags extends BuildPathFlags {
  readonly withDependencies?: true
  readonly print?: true
  readonly builder?: string
  readonly progress?: ProgressMode
  readonly memory?: string
  readonly provenance?: string
  readonly sbom?: string
}

export const build = defineCommand<BuildFlags>({
  configure: command =>
    command
      .argument(
        '[SERVICE...|PATH|URL]',
        'services whose images are built (default: all), or one folder with a Dockerfile',
      )
      .option(
        '--build-arg <KEY=VALUE>',
        'a value for an ARG; without =, that of the environment; may be repeated',
        collect,
        [],
      )
      .option('--no-cache', 'make every step anew')
      .option('--pull', 'look for newer base images')
      .option('-q, --quiet', 'print only the images')
      .option('--with-dependencies', 'images of services that they depend on too')
      .option('-t, --tag <NAME>', 'PATH: what the image is called; may be repeated', collect, [])
      .option('-f, --dockerfile <FILE>', 'PATH: the Dockerfile (default: PATH/Dockerfile)')
      .option('--target <STAGE>', 'PATH: the stage that becomes the image')
      .option('--label <KEY=VALUE>', 'PATH: a label; may be repeated', collect, [])
      .option('--network <MODE>', 'PATH: network of RUN: default, none, host')
      .option(
        '--secret <id=ID,src=FILE>',
        'PATH: a secret for RUN --mount=type=secret; env=NAME takes a variable',
        collect,
        [],
      )
      .option('--ssh <ID[=SOCKET|KEY]>', 'an agent for RUN --mount=type=ssh; may be repeated', collect, [])
      .option('--iidfile <FILE>', 'PATH: write the id of the image there')
      .option('--metadata-file <FILE>', 'PATH: write digests and names there, as JSON')
      .option(
        '-o, --output <DEST>',
        'PATH: a folder, - for a tar, or type=docker|oci|tar|local|image|registry,dest=...; may be repeated',
        collect,
        [],
      )
      .option('--push', 'push what was built')
      .option('--platform <OS/ARCH>', 'PATH: what the image is for')
      .option('--cache-from <IMAGE>', 'PATH: take steps over from there too (also type=local,src=...)', collect, [])
      .option('--cache-to <TARGET>', 'PATH: type=inline, type=registry,ref=... or type=local,dest=...', collect, [])
      .option('--no-cache-filter <STAGE>', 'PATH: make the steps of these stages anew', collect, [])
      .option('--build-context <NAME=PLACE>', 'PATH: a named context: a folder or docker-image://...', collect, [])
      .option('--add-host <HOST:IP>', 'PATH: a name that RUN knows', collect, [])
      .option('--allow <ENTITLEMENT>', 'PATH: security.insecure for RUN --security=insecure', collect, [])
      .option('--shm-size <BYTES>', 'PATH: size of /dev/shm in RUN')
      .option('--print', 'print what would be built as a bake file, and build nothing')
      .addOption(choice('--progress <how>', 'as before the command', progressModes).hideHelp())
      .addOption(new Option('--builder <NAME>', 'there is one, called default').hideHelp())
      .addOption(new Option('-m, --memory <BYTES>', 'no effect, as with BuildKit').hideHelp())
      .addOption(new Option('--provenance <MODE>', 'attestations are not made').hideHelp())
      .addOption(new Option('--sbom <MODE>', 'attestations are not made').hideHelp())
      .addOption(new Option('--compress', 'no effect, as in Compose').hideHelp())
      .addOption(new Option('--force-rm', 'no effect, as in Compose').hideHelp())
      .addOption(new Option('--no-rm', 'no effect, as in Compose').hideHelp())
      .addOption(new Option('--parallel', 'no effect, as in Compose').hideHelp()),
  details:
    'Steps come from a cache where nothing that they depend on has changed; where one does not, the output says why. ' +
    'Stages and services are built side by side.',
  examples: [
    { line: 'berth build', means: 'the images of all services that have a build section' },
    { line: 'berth build --no-cache web', means: 'of one, from scratch' },
    { line: 'berth build -t tool:1 ./tool', means: 'one image, without a stack' },
    { line: 'berth build -o out ./tool', means: 'its files into a folder' },
  ],
  handlesInterrupt: true,
  async run(given, names, flags) {
    const { progress } = flags
    const context = progress === undefined ? given : { ...given, globals: { ...given.globals, progress } }
    checkBuilder(context, flags)
    const [first] = names
    if (names.length === 1 && first !== undefined && (await isPath(context, first)))
      return buildPath(context, first, flags)
    const { project } = await loadStack(context, { services: names })
    requireServices(project, names)
    const options = {
      services: names,
      includesDependencies: flags.withDependencies === true,
      args: flags.buildArg,
      noCache: !flags.cache,
      pulls: flags.pull === true,
      ssh: flags.ssh.map(parseSsh),
      env: context.env,
    }
    if (context.globals.dryRun) return showPlan(context, planBuild(project, options))
    if (flags.print) {
      const builds = planBuild(project, options).ops.filter(op => op.kind === 'image.build')
      print(context, `${JSON.stringify(bakeFile(project, builds, { isPushed: flags.push === true }), undefined, 2)}\n`)
      return 0
    }
    const client = await connect(context)
    const choices = { title: 'build', isPullQuiet: flags.quiet === true }
    const code = await runUseCase(context, client, choices, apply => buildStack(apply, project, options))
    return code === 0 && flags.push === true ? push.run(context, [...names], {}) : code
  },
})

/** What only BuildKit has. Compose goes on where something has no effect, and says so. */
function checkBuilder(
  context: Context,
  { builder = 'default', memory, provenance = 'false', sbom = 'false' }: BuildFlags,
): void {
  if (builder !== 'default')
    throw new BerthError('NOT_FOUND', `no builder "${builder}" found`, { hint: 'there is one, called default' })
  const warn = (text: string): void => void context.stderr.write(`berth: ${text}\n`)
  if (memory !== undefined) warn('--memory has no effect, as with BuildKit')
  if (provenance !== 'false') warn('--provenance has no effect: attestations are not made')
  if (sbom !== 'false') warn('--sbom has no effect: attestations are not made')
}
