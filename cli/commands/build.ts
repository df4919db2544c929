import { build as buildStack, planBuild } from '../apply/build.ts'
import { parseSsh } from '../plan/builds.ts'
import { runUseCase } from '../session/apply.ts'
import { type BuildPathFlags, buildPath, isPath } from '../session/build-path.ts'
import { connect } from '../session/connect.ts'
import { collect } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'
import { push } from './push.ts'

interface BuildFlags extends BuildPathFlags {
  readonly withDependencies?: true
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
      .option('--shm-size <BYTES>', 'PATH: size of /dev/shm in RUN'),
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
  async run(context, names, flags) {
    const [first] = names
    if (names.length === 1 && first !== undefined && (await isPath(context, first)))
      return buildPath(context, first, flags)
    const { project } = await loadStack(context, { services: names })
    requireServices(project, names)
    const client = await connect(context)
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
    const choices = { title: 'build', isPullQuiet: flags.quiet === true }
    const code = await runUseCase(context, client, choices, apply => buildStack(apply, project, options))
    return code === 0 && flags.push === true ? push.run(context, [...names], {}) : code
  },
})
