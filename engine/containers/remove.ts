import { BerthError } from '../../schemas/errors.ts'
import { abandonAttaches, notify, publish } from './announce.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { imagesOf } from './record.ts'
import { releaseRuntime } from './release.ts'
import { isUp } from './state.ts'
import { transition } from './transition.ts'

/** Throws CONFLICT with dockerd's text when a client may not remove the container as it is. */
export function checkRemovable({ state }: Container, reference: string): void {
  const refuse = (why: string): BerthError =>
    new BerthError('CONFLICT', `cannot remove container "${reference}": ${why}`)
  if (state.status === 'paused') throw refuse('container is paused and must be unpaused first')
  if (state.status === 'running')
    throw refuse('container is running: stop the container before removing or force remove')
  if (state.status === 'restarting')
    throw refuse('container is restarting: stop the container before removing or force remove')
}

/** Removes a container and everything that is its own; what still runs in it is killed. Runs in the container's queue. Idempotent. */
export async function removeContainer(
  context: ContainerContext,
  container: Container,
  options: { readonly removeVolumes: boolean },
): Promise<void> {
  const { id } = container.record
  if (context.registry.find(id) !== container) return
  const wasUp = isUp(container.state)
  await transition(context, container, { kind: 'removing' })
  abandonAttaches(container)
  if (wasUp || container.live.monitor !== undefined) await releaseRuntime(context, container)
  try {
    await Promise.all([
      context.networks.release(id),
      context.volumes.release(id, { removeAnonymous: options.removeVolumes }),
    ])
    const { data, memory } = pathsOf(context, id)
    for (const folder of [data, memory]) context.trash.discard(folder)
    for (const used of imagesOf(container.record)) context.images.release(used, id)
    await context.registry.remove(container)
    // Not before: until the record is gone, a daemon that is killed would find two containers with one range.
    context.users.ranges.release(id)
  } catch (error) {
    await transition(context, container, {
      kind: 'removeFailed',
      error: error instanceof Error ? error.message : String(error),
    })
    throw error
  }
  for (const execId of container.live.execIds) container.live.execWaiters.get(execId)?.(137)
  publish(context, container, 'destroy')
  notify(container, 'exit')
  notify(container, 'removed')
}
