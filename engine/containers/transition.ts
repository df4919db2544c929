import { rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { type Container, eventAttributes } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { armHealth, disarmHealth } from './health.ts'
import type { ContainerPaths } from './record.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'
import { type ContainerEvent, type Effect, next } from './state.ts'

/** Takes one step of a container's life: new state first, then its effects in order. Runs in the container's queue. */
export async function transition(
  context: ContainerContext,
  container: Container,
  event: ContainerEvent,
): Promise<void> {
  const { state, effects } = next(container.state, event)
  void context.registry.setState(container, state)
  for (const effect of effects) await run(context, container, effect)
}

async function run(context: ContainerContext, container: Container, effect: Effect): Promise<void> {
  switch (effect.kind) {
    case 'publish':
      publish(context, container, effect.action, effect.attributes)
      return
    case 'armHealth':
      armHealth(context, container, effect.isFresh)
      return
    case 'disarmHealth':
      disarmHealth(container)
      return
    case 'releaseRuntime':
      await releaseRuntime(context, container)
      return
    case 'notifyExit':
      notify(container, 'exit')
      return
    case 'scheduleRestart':
      scheduleRestart(context, container, effect.delayMs)
      return
    case 'cancelRestart':
      container.live.cancelRestart?.()
      container.live.cancelRestart = undefined
      return
    case 'autoRemove':
      if (container.record.hostConfig.AutoRemove === true)
        await removeContainer(context, container, { removeVolumes: true })
      return
    default:
      return effect satisfies never
  }
}

export function publish(
  context: ContainerContext,
  container: Container,
  action: string,
  attributes?: Readonly<Record<string, string>>,
): void {
  const common = eventAttributes(container.record)
  context.events.publish(
    'container',
    action,
    container.record.id,
    attributes === undefined ? common : { ...common, ...attributes },
  )
}

/** Tells those who wait; `removed` waiters stay until the container is gone. */
export function notify(container: Container, condition: 'exit' | 'removed'): void {
  const result = { code: container.state.exitCode }
  for (const waiter of [...container.live.waiters]) {
    if (waiter.condition !== condition) continue
    container.live.waiters.delete(waiter)
    waiter.tell(result)
  }
}

function scheduleRestart(context: ContainerContext, container: Container, delayMs: number): void {
  const { id } = container.record
  container.live.cancelRestart = context.clock.after(delayMs, () => {
    container.live.cancelRestart = undefined
    void context.queue.run(id, async () => {
      if (container.state.status !== 'restarting') return
      // Its failure is in State.Error and the events; there is no client to tell.
      await startContainer(context, container, { byPolicy: true }).catch(error => {
        context.log.warn({ container: id, err: error }, 'restart by policy failed')
      })
    })
  })
}

/** Gives back network, mounts, cgroup and the monitor's process; never fails: what cannot be given back is logged and tried again at the next start. */
export async function releaseRuntime(context: ContainerContext, container: Container): Promise<void> {
  const { id } = container.record
  const { monitor } = container.live
  abandonAttaches(container)
  container.live.monitor = undefined
  container.live.mounts = []
  const results = await Promise.allSettled([context.networks.detach(id), monitor?.release()])
  for (const result of results) {
    if (result.status === 'rejected') context.log.error({ container: id, err: result.reason }, 'release failed')
  }
  removeBundle(pathsOf(context, id))
}

/**
 * A handful of files on tmpfs: synchronous calls cost less than a turn through the thread pool, and by name a third of what a walk takes.
 * Whatever is not as usual (a start that failed half-way, an upper layer on tmpfs) is walked.
 */
function removeBundle({ bundle, hosts, resolvConf, hostname }: ContainerPaths): void {
  try {
    for (const file of [hosts, resolvConf, hostname, `${bundle}/exit.json`]) unlinkSync(file)
    rmdirSync(bundle)
  } catch {
    rmSync(bundle, { recursive: true, force: true })
  }
}

/** Ends the connections of clients that wait for a start which is not going to come. */
export function abandonAttaches({ live }: Container): void {
  for (const pending of live.pendingAttaches) pending.abandon()
  live.pendingAttaches.clear()
}
