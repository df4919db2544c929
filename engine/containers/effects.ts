import { notify, publish } from './announce.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { armHealth, disarmHealth } from './health.ts'
import { releaseRuntime } from './release.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'
import type { Effect } from './state.ts'

/** Does what a transition calls for. Given to `transition` by way of the context: starting and removing are made of transitions themselves. */
export async function runEffect(context: ContainerContext, container: Container, effect: Effect): Promise<void> {
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
