import { build as buildStack, planBuild } from '../apply/build.ts'
import { runUseCase } from '../session/apply.ts'
import { type BuildPathFlags, buildPath, isPath } from '../session/build-path.ts'
import { connect } from '../session/connect.ts'
import { collect } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'

interface BuildFlags extends BuildPathFlags {
  readonly withDependencies?: true
}

export const build = defineCommand<BuildFlags>({
  configure: command =>
    command
      .argument('[SERVICE...|PATH]', 'services whose images are built (default: all), or one folder with a Dockerfile')
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
      .option('--iidfile <FILE>', 'PATH: write the id of the image there'),
  details:
    'Steps come from a cache where nothing that they depend on has changed; where one does not, the output says why. ' +
    'Stages and services are built side by side.',
  examples: [
    { line: 'berth build', means: 'the images of all services that have a build section' },
    { line: 'berth build --no-cache web', means: 'of one, from scratch' },
    { line: 'berth build -t tool:1 ./tool', means: 'one image, without a stack' },
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
      env: context.env,
    }
    if (context.globals.dryRun) return showPlan(context, planBuild(project, options))
    return runUseCase(context, client, { title: 'build', isPullQuiet: flags.quiet === true }, apply =>
      buildStack(apply, project, options),
    )
  },
})
