import { existsSync } from 'node:fs'
import { rm, rmdir, unlink } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { isUp } from './state.ts'
import { abandonAttaches, notify, publish, releaseRuntime, transition } from './transition.ts'

/** Throws CONFLICT with dockerd's text when a client may not remove the container as it is. */
export function checkRemovable(container: Container): void {
  const { state, record } = container
  const refuse = (why: string): BerthError =>
    new BerthError('CONFLICT', `cannot remove container "${record.name}": ${why}`)
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
  const { id, image } = container.record
  if (context.registry.find(id) !== container) return
  const wasUp = isUp(container.state)
  await transition(context, container, { kind: 'removing' })
  abandonAttaches(container)
  if (wasUp || container.live.monitor !== undefined) await releaseRuntime(context, container)
  try {
    await Promise.all([
      context.networks.release(id),
      context.volumes.release(id, { removeAnonymous: options.removeVolumes }),
      removeData(context, id),
    ])
    context.images.release(image.id, id)
    await context.registry.remove(container)
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

/** Most containers leave a log and empty layers: those go by name, with a third of the calls that a walk takes. */
async function removeData(context: ContainerContext, id: string): Promise<void> {
  const { data, memory, log } = pathsOf(context, id)
  await Promise.all([unlink(log).catch(() => undefined), removeLayer(memory)])
  await removeLayer(data)
}

async function removeLayer(folder: string): Promise<void> {
  const ignore = (): undefined => undefined
  if (!existsSync(folder)) return
  await Promise.all([rmdir(`${folder}/upper`).catch(ignore), rmdir(`${folder}/work/work`).catch(ignore)])
  await rmdir(`${folder}/work`).catch(ignore)
  await rmdir(folder).catch(error => (isAbsent(error) ? undefined : rm(folder, { recursive: true, force: true })))
}

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
