import { type Container, eventAttributes } from './container.ts'
import type { ContainerContext } from './context.ts'

/** A container event with the attributes that all of them have. */
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

/** Ends the connections of clients that wait for a start which is not going to come. */
export function abandonAttaches({ live }: Container): void {
  for (const pending of live.pendingAttaches) pending.abandon()
  live.pendingAttaches.clear()
}
