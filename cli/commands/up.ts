import { Option } from 'commander'
import { planUp, up as upStack } from '../apply/up.ts'
import type { UpOptions } from '../apply/use-cases.ts'
import { runUseCase } from '../session/apply.ts'
import { type AttachFlags, attachToStack } from '../session/attach-stack.ts'
import { connect } from '../session/connect.ts'
import { collect, integer } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { readWatchRules, watchStackFiles } from '../session/watch.ts'
import { defineCommand } from './definition.ts'
import {
  addMakeFlags,
  addUpFlags,
  conflict,
  type MakeFlags,
  makeChoices,
  type PlanUpFlags,
  upOptions,
} from './up-flags.ts'

interface UpFlags extends PlanUpFlags, MakeFlags, AttachFlags {
  readonly detach?: true
  readonly watch?: true
  readonly menu?: true
  readonly wait?: true
  readonly waitTimeout?: number
}

export const up = defineCommand<UpFlags>({
  configure: command =>
    addMakeFlags(
      addUpFlags(
        command
          .argument('[SERVICE...]', 'services to bring up, with what they depend on (default: all)')
          .option('-d, --detach', 'leave the containers running and return when they are started')
          .option('--wait', 'return when every service is healthy, running, or (a job) has ended with 0; implies -d')
          .option('--wait-timeout <seconds>', 'give up waiting after this time', integer(1)),
      ),
    )
      .option('--abort-on-container-exit', 'stop everything as soon as a container ends')
      .option('--abort-on-container-failure', 'stop everything as soon as a container fails')
      .option('--exit-code-from <SERVICE>', 'return the exit code of this service; implies --abort-on-container-exit')
      .option('--attach <SERVICE>', 'show only the output of these services; may be repeated', collect, [])
      .addOption(noAttachOption())
      .option('--attach-dependencies', 'show the output of services too that the named ones depend on')
      .addOption(new Option('--menu', 'keys for an attached up: not there yet').hideHelp())
      .option('-w, --watch', 'copy changed files into the containers while their output is shown (develop.watch)')
      .option('--no-color', 'no colours in the output of containers')
      .option('--no-log-prefix', 'no names before lines of output')
      .option('--timestamps', 'show when each line of output was written'),
  details:
    'Only what differs from the stack file is touched; "berth plan" shows it beforehand. Without -d the output of the containers follows, ' +
    'and Ctrl-C stops them.',
  examples: [
    { line: 'berth up -d', means: 'start the stack in the background' },
    { line: 'berth up -d --wait', means: 'and return when it is ready for use' },
    { line: 'berth up -d --scale worker=3 worker', means: 'three containers of a service' },
    { line: 'berth --dry-run up', means: 'only show what would be done' },
  ],
  handlesInterrupt: true,
  async run(context, services, flags) {
    checkFlags(flags)
    if (flags.menu) context.stderr.write('berth: --menu has no effect yet: use --watch, and Ctrl-C to stop\n')
    const stack = await loadStack(context, { services })
    const { project } = stack
    requireServices(project, services)
    requireServices(project, flags.exitCodeFrom === undefined ? [] : [flags.exitCodeFrom])
    const { waitTimeout } = flags
    const rules = flags.watch ? readWatchRules(project, services) : []
    const isAttached = !flags.detach && !flags.wait && flags.start
    const options: UpOptions = {
      ...upOptions(stack, services, flags),
      // The end of a container is seen, and judged by the flags, where its output is shown.
      ...(isAttached && { monitorMs: 0 }),
      wait: flags.wait ?? false,
      ...(waitTimeout === undefined ? {} : { waitTimeoutMs: waitTimeout * 1000 }),
    }
    const client = await connect(context)
    if (context.globals.dryRun) return showPlan(context, await planUp(client, project, options))
    const since = `${Date.now() / 1000}`
    const choices = { title: 'up', ...makeChoices(flags) }
    const code = await runUseCase(context, client, choices, apply => upStack(apply, project, options))
    if (code !== 0 || !isAttached) return code
    if (!flags.watch) return attachToStack(context, client, project, services, since, flags)
    // The watching ends with the showing, however that ends.
    const ended = new AbortController()
    const watching = watchStackFiles(
      { ...context, signal: AbortSignal.any([context.signal, ended.signal]) },
      client,
      project,
      rules,
    )
    try {
      return await attachToStack(context, client, project, services, since, flags)
    } finally {
      ended.abort()
      await watching
    }
  },
})

/** commander takes every `--no-x` for the opposite of `--x`; this one is a list of its own. */
function noAttachOption(): Option {
  const option = new Option('--no-attach <SERVICE>', 'do not show the output of these services; may be repeated')
  option.negate = false
  option.attributeName = () => 'noAttach'
  return option.argParser(collect).default([])
}

function checkFlags(flags: UpFlags): void {
  const isDetached = flags.detach || flags.wait
  const needsAttached: readonly (readonly [string, unknown])[] = [
    ['--abort-on-container-exit', flags.abortOnContainerExit],
    ['--abort-on-container-failure', flags.abortOnContainerFailure],
    ['--exit-code-from', flags.exitCodeFrom],
    ['--attach', flags.attach.length > 0],
    ['--attach-dependencies', flags.attachDependencies],
    ['--watch', flags.watch],
  ]
  const [wrong] = needsAttached.find(([, isGiven]) => isDetached && isGiven) ?? []
  if (wrong !== undefined) throw conflict(flags.detach ? '--detach' : '--wait', wrong)
  if (flags.attachDependencies && flags.attach.length > 0) throw conflict('--attach', '--attach-dependencies')
  if (flags.abortOnContainerExit && flags.abortOnContainerFailure)
    throw conflict('--abort-on-container-exit', '--abort-on-container-failure')
}
