import type { OomPolicy } from '../../schemas/api/berth.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import type { ExitRecord, OomReport } from '../../schemas/runtime/monitor.ts'
import { publish } from './announce.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { decideOom, decideRestart, killsAllOnOom, type OomFacts, type RestartDecision } from './restart.ts'
import { transition } from './transition.ts'

/** The container's process has ended. Runs in the container's queue. */
export async function handleExit(context: ContainerContext, container: Container, exit: ExitRecord): Promise<void> {
  // An exit that is already known, told again after a re-attach.
  if (container.state.pid !== exit.pid && container.state.pid !== 0) return
  const kills = exit.oomKills
  const decision =
    kills > 0
      ? decideAfterOom(context, container, exit)
      : decideRestart(container.record.restartPolicy, factsOf(container, exit))
  container.live.oomReport = undefined
  container.live.oomKillsKnown = 0
  await transition(context, container, {
    kind: 'exited',
    code: exit.code,
    oomKilled: kills > 0,
    at: exit.finishedAt,
    decision,
  })
}

/** A process of the container was killed for memory while the container lives. Runs in the container's queue. */
export function handleOom(context: ContainerContext, container: Container, report: OomReport): void {
  publish(context, container, 'oom')
  const policy = container.record.oomPolicy
  const isMain = report.victim !== undefined && report.victim.pid === container.state.pid
  if (killsAllOnOom(policy) || isMain) {
    // The exit follows at once and decides; it takes this report in.
    container.live.oomReport = report
    return
  }
  container.live.oomKillsKnown = report.killsTotal
  addIncident(context, container, report, {
    isMain: false,
    decision: 'ignore',
    reason: policy.action === 'ignore' ? 'x-oom.action is ignore' : 'x-oom.scope is process: only the victim died',
  })
}

function decideAfterOom(context: ContainerContext, container: Container, exit: ExitRecord): RestartDecision {
  const { live, record } = container
  // Kills that were each an incident already, and the main process ended for another reason.
  if (exit.oomKills <= live.oomKillsKnown && exit.signal !== 9)
    return decideRestart(record.restartPolicy, factsOf(container, exit))
  const facts: OomFacts = {
    ...factsOf(container, exit),
    now: Date.parse(exit.finishedAt),
    oomRestarts: container.state.oomRestarts,
    memoryBytes: memoryLimitOf(container),
    restartPolicy: record.restartPolicy,
  }
  const outcome = decideOom(policyOf(container), facts)
  const report: OomReport = live.oomReport ?? {
    at: exit.finishedAt,
    killsTotal: exit.oomKills,
    memoryLimit: facts.memoryBytes,
    memoryPeak: exit.memoryPeak,
  }
  if (live.oomReport === undefined) publish(context, container, 'oom')
  addIncident(
    context,
    container,
    { ...report, memoryPeak: Math.max(report.memoryPeak, exit.memoryPeak) },
    {
      isMain:
        report.victim === undefined
          ? !killsAllOnOom(record.oomPolicy) && exit.signal === 9
          : report.victim.pid === exit.pid,
      decision: outcome.decision,
      reason: outcome.reason,
      delayMs: outcome.restart.delayMs,
      ...(outcome.restart.memoryBytes === undefined ? {} : { memoryBytes: outcome.restart.memoryBytes }),
    },
  )
  return outcome.restart
}

const policyOf = (container: Container): OomPolicy => container.record.oomPolicy

export const memoryLimitOf = (container: Container): number =>
  container.state.grownMemoryBytes ?? container.record.hostConfig.Memory ?? 0

/** HostConfig with the limit that out-of-memory kills have raised, and a swap limit moved along by the same number of bytes. */
export function grownHostConfig(container: Container): HostConfig {
  const { hostConfig } = container.record
  const grown = container.state.grownMemoryBytes
  if (grown === undefined || hostConfig.Memory === undefined) return hostConfig
  const swap = hostConfig.MemorySwap ?? 0
  return { ...hostConfig, Memory: grown, ...(swap > 0 ? { MemorySwap: swap + grown - hostConfig.Memory } : {}) }
}

function factsOf(container: Container, exit: ExitRecord) {
  return {
    exitCode: exit.code,
    ranForMs: Math.max(0, Date.parse(exit.finishedAt) - Date.parse(exit.startedAt)),
    restartCount: container.state.restartCount,
    lastDelayMs: container.state.restartDelayMs,
    isManuallyStopped: container.state.isManuallyStopped,
  }
}

interface IncidentOutcome {
  readonly isMain: boolean
  readonly decision: 'restart' | 'stop' | 'ignore' | 'give-up'
  readonly reason: string
  readonly memoryBytes?: number
  readonly delayMs?: number
}

function addIncident(
  context: ContainerContext,
  container: Container,
  report: OomReport,
  outcome: IncidentOutcome,
): void {
  const { record } = container
  const incident = context.incidents.add({
    Time: report.at,
    ContainerId: record.id,
    ContainerName: record.name,
    Labels: record.config.Labels ?? {},
    ...(report.victim === undefined
      ? {}
      : { Victim: { Pid: report.victim.pid, Name: report.victim.name, RssBytes: report.victim.rssBytes } }),
    KilledMain: outcome.isMain,
    LimitBytes: report.memoryLimit,
    PeakBytes: report.memoryPeak,
    Decision: outcome.decision,
    Reason: outcome.reason,
    ...(outcome.memoryBytes === undefined ? {} : { NewLimitBytes: outcome.memoryBytes }),
    ...(outcome.decision === 'restart' && outcome.delayMs !== undefined ? { DelayMs: outcome.delayMs } : {}),
  })
  context.log.warn({ incident }, 'out of memory')
}
