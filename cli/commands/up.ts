import { BerthError } from '../../schemas/errors.ts'
import { up as upStack } from '../apply/up.ts'
import type { UpOptions } from '../apply/use-cases.ts'
import type { Project } from '../model/project.ts'
import { runUseCase } from '../session/apply.ts'
import { attachToStack } from '../session/attach-stack.ts'
import { connect } from '../session/connect.ts'
import { choice, collect, integer } from '../session/globals.ts'
import { loadStack, requireServices } from '../session/load-stack.ts'
import { showPlan } from '../session/show-plan.ts'
import { defineCommand } from './definition.ts'

export interface UpFlags {
  readonly abortOnContainerExit?: true
  readonly abortOnContainerFailure?: true
  readonly alwaysRecreateDeps?: true
  readonly attach: readonly string[]
  readonly build?: boolean
  readonly color: boolean
  readonly deps: boolean
  readonly detach?: true
  readonly exitCodeFrom?: string
  readonly forceRecreate?: true
  readonly logPrefix: boolean
  readonly noAttach: readonly string[]
  readonly pull?: NonNullable<UpOptions['pull']>
  /** `--no-recreate` and `--no-start` make these false. */
  readonly recreate: boolean
  readonly start: boolean
  readonly removeOrphans?: true
  readonly renewAnonVolumes?: true
  readonly scale: readonly string[]
  readonly timeout?: number
  readonly timestamps?: true
  readonly wait?: true
  readonly waitTimeout?: number
}

export const up = defineCommand<UpFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to bring up, with what they depend on (default: all)')
      .option('-d, --detach', 'leave the containers running and return when they are started')
      .option('--wait', 'return when every service is healthy, running, or (a job) has exited with 0; implies -d')
      .option('--wait-timeout <seconds>', 'give up waiting after this time', integer(1))
      .option('--scale <SERVICE=n>', 'number of containers of a service; may be repeated', collect, [])
      .option('--force-recreate', 'make containers anew even if nothing has changed')
      .option('--no-recreate', 'leave containers that exist as they are')
      .option('--always-recreate-deps', 'make containers of dependencies anew too')
      .option('-V, --renew-anon-volumes', "new anonymous volumes in place of the old containers' ones")
      .option('--no-deps', 'not the services that the named ones depend on')
      .option('--no-start', 'create the containers, and do not start them')
      .option('--remove-orphans', 'remove containers of services that the file no longer has')
      .addOption(choice('--pull <when>', 'when to pull images', ['always', 'missing', 'never', 'policy']))
      .option('--build', 'build images first')
      .option('--no-build', 'never build an image')
      .option('-t, --timeout <seconds>', 'how long a container may take to stop before it is killed', integer(0))
      .option('--abort-on-container-exit', 'stop everything as soon as a container ends')
      .option('--abort-on-container-failure', 'stop everything as soon as a container fails')
      .option('--exit-code-from <SERVICE>', 'return the exit code of this service; implies --abort-on-container-exit')
      .option('--attach <SERVICE>', 'show only the output of these services; may be repeated', collect, [])
      .option('--no-attach <SERVICE>', 'do not show the output of these services; may be repeated', collectNoAttach, [])
      .option('--no-color', 'no colours in the output of containers')
      .option('--no-log-prefix', 'no names before lines of output')
      .option('--timestamps', 'show when each line of output was written'),
  details:
    'Only what differs from the stack file is touched; "berth plan" shows it beforehand. Without -d the output of the containers follows, and Ctrl-C stops them.',
  examples: [
    { line: 'berth up -d', means: 'start the stack in the background' },
    { line: 'berth up -d --wait', means: 'and return when it is ready for use' },
    { line: 'berth up -d --scale worker=3 worker', means: 'three containers of a service' },
    { line: 'berth --dry-run up', means: 'only show what would be done' },
  ],
  async run(context, services, flags) {
    checkFlags(flags)
    const { project } = await loadStack(context, { services })
    requireServices(project, services)
    requireServices(project, flags.exitCodeFrom === undefined ? [] : [flags.exitCodeFrom])
    const options = upOptions(project, services, flags)
    const client = await connect(context)
    if (context.globals.dryRun) return showPlan(context, await planUp(client, project, options))
    const isAttached = !flags.detach && !flags.wait && flags.start
    const since = `${Date.now() / 1000}`
    const code = await runUseCase(context, client, { title: 'up' }, apply => upStack(apply, project, options))
    if (code !== 0 || !isAttached) return code
    return attachToStack(context, client, project, services, since, flags)
  },
})

function checkFlags(flags: UpFlags): void {
  if (flags.forceRecreate && !flags.recreate) throw conflict('--force-recreate', '--no-recreate')
  if (flags.detach && (flags.abortOnContainerExit || flags.exitCodeFrom !== undefined)) {
    throw conflict('--detach', flags.abortOnContainerExit ? '--abort-on-container-exit' : '--exit-code-from')
  }
  if (flags.build) {
    throw new BerthError('NOT_IMPLEMENTED', 'berth cannot build images yet', {
      hint: 'build with another tool, and "berth load" the archive or name it as image: docker-archive:FILE',
    })
  }
}

function conflict(a: string, b: string): BerthError {
  return new BerthError('USAGE', `${a} and ${b} cannot be combined`)
}

function upOptions(project: Project, services: readonly string[], flags: UpFlags): UpOptions {
  const { timeout, waitTimeout, pull } = flags
  return {
    services,
    noDeps: !flags.deps,
    recreate: flags.forceRecreate ? 'force' : flags.recreate ? 'diverged' : 'never',
    alwaysRecreateDeps: flags.alwaysRecreateDeps ?? false,
    renewAnonVolumes: flags.renewAnonVolumes ?? false,
    removeOrphans: flags.removeOrphans ?? false,
    scale: parseScale(project, flags.scale),
    noStart: !flags.start,
    wait: flags.wait ?? false,
    ...(waitTimeout === undefined ? {} : { waitTimeoutMs: waitTimeout * 1000 }),
    ...(timeout === undefined ? {} : { stopTimeoutSeconds: timeout }),
    ...(pull === undefined ? {} : { pull }),
  }
}

/** `--scale web=3` */
function parseScale(project: Project, entries: readonly string[]): Readonly<Record<string, number>> {
  const scale: Record<string, number> = {}
  for (const entry of entries) {
    const [, service = '', number = ''] = entry.match(/^([^=]+)=(\d+)$/) ?? []
    if (service === '')
      throw new BerthError('USAGE', `cannot read --scale ${entry}`, {
        hint: 'expected SERVICE=number, e.g. --scale web=3',
      })
    requireServices(project, [service])
    scale[service] = Number(number)
  }
  return scale
}

function collectNoAttach(value: string, previous: readonly string[] | boolean): readonly string[] {
  return [...(Array.isArray(previous) ? previous : []), value]
}
