import { BerthError } from '../../schemas/errors.ts'
import { defaultShmBytes } from '../runtime/mounts.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'

const prefix = 'container:'

/** The container that a `container:<name or id>` mode names; undefined for other modes. Throws NOT_FOUND. */
export function joinedContainer(context: ContainerContext, mode: string | undefined): Container | undefined {
  return mode?.startsWith(prefix) === true ? context.registry.get(mode.slice(prefix.length)) : undefined
}

/** The folder that is /dev/shm of containers that share one; undefined for those that keep theirs to themselves. */
export async function prepareSharedMemory(
  context: ContainerContext,
  { record }: Container,
): Promise<string | undefined> {
  const owner = sharedMemoryOwner(context, record)
  if (owner === undefined) return undefined
  return context.volumes.sharedMemory.use(owner.id, record.id, owner.hostConfig.ShmSize || defaultShmBytes)
}

/** Whose /dev/shm a container has, when it is one that several may have. */
export function sharedMemoryOwner(
  context: ContainerContext,
  record: Container['record'],
): Container['record'] | undefined {
  if (record.hostConfig.IpcMode === 'shareable') return record
  const mode = record.hostConfig.IpcMode ?? ''
  return mode.startsWith(prefix) ? context.registry.find(mode.slice(prefix.length))?.record : undefined
}

/** The namespace of another container that a start joins, as a file. Throws with dockerd's texts when that one does not run, or keeps its IPC for itself. */
export function joinedNamespace(
  context: ContainerContext,
  mode: string | undefined,
  kind: 'ipc' | 'pid',
): string | undefined {
  const other = joinedContainer(context, mode)
  if (other === undefined) return undefined
  const { record, state } = other
  const failed = `failed to join ${kind.toUpperCase()} namespace: container ${record.id}`
  if (state.pid === 0) throw new BerthError('CONFLICT', `${failed} is not running`)
  if (kind === 'ipc' && record.hostConfig.IpcMode !== 'shareable') {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `${failed}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    )
  }
  return `/proc/${state.pid}/ns/${kind}`
}
