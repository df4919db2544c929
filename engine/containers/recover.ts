import { readdirSync, readFileSync } from 'node:fs'
import type { ExitRecord, MonitorState } from '../../schemas/runtime/monitor.ts'
import { Monitor } from '../runtime/monitor.ts'
import { formatTime } from './clock.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { handleExit } from './exit.ts'
import { armHealth } from './health.ts'
import { sharedMemoryOwner } from './join-namespace.ts'
import { killLeftovers } from './leftovers.ts'
import { imagesOf } from './record.ts'
import { releaseRuntime } from './release.ts'
import { removeContainer } from './remove.ts'
import { restartsAtBoot } from './restart.ts'
import { connectMonitor, startContainer } from './start.ts'
import { isUp } from './state.ts'
import { transition } from './transition.ts'

export interface RecoveryReport {
  readonly running: number
  readonly exitedMeanwhile: number
  readonly lost: number
  readonly restarted: number
  readonly removed: number
}

/**
 * At the daemon's start: every record is brought together with what the kernel still has. A monitor that answers is the truth; where there is none, its
 * exit record; where there is neither (the host was restarted, the monitor killed), the container is lost, with 255 as its exit code.
 * `hasRebooted` applies restart policies to what ran before.
 */
export async function recoverContainers(context: ContainerContext, hasRebooted: boolean): Promise<RecoveryReport> {
  const counts = { running: 0, exitedMeanwhile: 0, lost: 0, restarted: 0, removed: 0 }
  for (const { record, state } of context.registry.list()) {
    const container = context.registry.get(record.id)
    for (const used of imagesOf(record))
      context.images.use(used, { containerId: record.id, isRunning: () => isUp(container.state) })
    context.volumes.adopt(record.id, record.mounts, isUp(state))
    if (record.userns !== undefined) context.users.ranges.hold(record.id, record.userns.uid)
    const owner = isUp(state) ? sharedMemoryOwner(context, record) : undefined
    if (owner !== undefined) context.volumes.sharedMemory.adopt(owner.id, record.id)
    if (state.status === 'removing') counts.removed++
  }
  await Promise.all(orphanBundles(context).map(id => removeOrphan(context, id)))
  await context.networks.reconcile(
    new Map(
      context.registry
        .list()
        .map(({ record, state }) => [record.id, { isRunning: isUp(state) || state.status === 'restarting' }]),
    ),
  )
  await Promise.all(
    context.registry.list().map(container =>
      context.queue
        .run(container.record.id, () => recoverOne(context, container, hasRebooted, counts))
        .catch(error => {
          context.log.error({ container: container.record.id, err: error }, 'recovery failed')
        }),
    ),
  )
  return counts
}

type Counts = { -readonly [K in keyof RecoveryReport]: number }

async function recoverOne(
  context: ContainerContext,
  container: Container,
  hasRebooted: boolean,
  counts: Counts,
): Promise<void> {
  const { id } = container.record
  const wasUp = isUp(container.state) || container.state.status === 'restarting'
  if (container.state.status === 'removing' || container.state.status === 'dead') {
    container.live.monitor = await connectMonitor(context, container).catch(() => undefined)
    await removeContainer(context, container, { removeVolumes: false })
    return
  }
  const monitor = await connectMonitor(context, container).catch(() => undefined)
  if (monitor === undefined) await recoverWithoutMonitor(context, container, counts)
  else await recoverWithMonitor(context, container, monitor, counts)
  if (hasRebooted && !isUp(container.state) && container.state.status !== 'created') {
    const { isManuallyStopped } = container.state
    if (restartsAtBoot(container.record.restartPolicy, { wasUp, isManuallyStopped })) {
      container.live.cancelRestart?.()
      counts.restarted++
      await startContainer(context, container, { byPolicy: true }).catch(error => {
        context.log.error({ container: id, err: error }, 'restart after boot failed')
      })
    }
  }
}

async function recoverWithMonitor(
  context: ContainerContext,
  container: Container,
  monitor: Monitor,
  counts: Counts,
): Promise<void> {
  const { state: found } = monitor
  container.live.monitor = monitor
  if (found.status === 'running' || found.status === 'paused') {
    counts.running++
    adoptRunning(context, container, found)
    return
  }
  if (found.status === 'exited' && found.exit !== undefined && isUp(container.state)) {
    counts.exitedMeanwhile++
    await handleExit(context, container, found.exit)
    return
  }
  if (container.state.status === 'restarting') {
    await transition(context, container, { kind: 'restartDue' })
    return
  }
  // Begun and never started, or ended and not given back.
  await releaseRuntime(context, container)
}

/** It ran on without us. A start that was not stored yet is taken from the monitor. */
function adoptRunning(context: ContainerContext, container: Container, found: MonitorState): void {
  const isSameRun = container.state.pid === found.pid
  void context.registry.setState(container, {
    ...container.state,
    status: found.status === 'paused' ? 'paused' : 'running',
    pid: found.pid ?? 0,
    ...(isSameRun
      ? {}
      : { startedAt: found.startedAt ?? container.state.startedAt, exitCode: 0, error: '', oomKilled: false }),
  })
  container.live.oomKillsKnown = found.oomKills
  if (found.status === 'running') armHealth(context, container, false)
}

async function recoverWithoutMonitor(context: ContainerContext, container: Container, counts: Counts): Promise<void> {
  const { id } = container.record
  const exit = readExitRecord(`${pathsOf(context, id).bundle}/exit.json`)
  await killLeftovers(`${container.record.hostConfig.CgroupParent || context.host.cgroupParent}/${id}`)
  if (isUp(container.state)) {
    const isThisRun = exit !== undefined && exit.pid === container.state.pid
    if (isThisRun) counts.exitedMeanwhile++
    else counts.lost++
    await handleExit(context, container, isThisRun ? exit : lostExit(context, container))
  } else if (container.state.status === 'restarting') {
    await transition(context, container, { kind: 'restartDue' })
  } else {
    await releaseRuntime(context, container)
  }
}

const lostExit = (context: ContainerContext, container: Container): ExitRecord => ({
  pid: container.state.pid,
  code: 255,
  signal: 0,
  startedAt: container.state.startedAt,
  finishedAt: formatTime(context.clock.now()),
  oomKills: 0,
  memoryPeak: 0,
})

function readExitRecord(path: string): ExitRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ExitRecord
  } catch {
    return undefined
  }
}

/** Bundles whose container has no record: its removal was cut short, or it was made by a create that never became durable. */
function orphanBundles(context: ContainerContext): string[] {
  const found = ['containers', 'writable'].flatMap(folder => {
    try {
      return readdirSync(`${context.runDir}/${folder}`)
    } catch {
      return []
    }
  })
  return [...new Set(found)].filter(id => context.registry.find(id) === undefined)
}

async function removeOrphan(context: ContainerContext, id: string): Promise<void> {
  const { bundle, memory } = pathsOf(context, id)
  try {
    const monitor = await Monitor.connect(bundle, () => undefined)
    await monitor.release()
  } catch (error) {
    context.log.warn({ container: id, err: error }, 'orphan without a monitor')
    await killLeftovers(`${context.host.cgroupParent}/${id}`)
  }
  await context.networks.detach(id).catch(() => undefined)
  for (const folder of [bundle, memory]) context.trash.discard(folder)
}
