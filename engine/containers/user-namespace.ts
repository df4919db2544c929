import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { UserNamespace } from '../runtime/spec.ts'
import type { IdMaps } from '../users/remap.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { joinedContainer } from './join-namespace.ts'

/** `keep-id` of a container made by root, as Podman has it: every id is itself, and no right of the host goes with it. */
const everyId = [{ containerID: 0, hostID: 0, size: 4_294_967_295 }]

/**
 * The maps of a container that is being made: those of `UsernsMode`, or of `userns-remap`. A range is held for it at once. Undefined: none, or that of the
 * container whose network, IPC or processes it shares, since a namespace and what belongs to it cannot be told apart.
 */
export function chooseMaps(context: ContainerContext, id: string, hostConfig: HostConfig): IdMaps | undefined {
  const { UsernsMode: mode = '' } = hostConfig
  if (mode === 'host' || sharedWith(context, hostConfig) !== undefined) return undefined
  if (mode === 'keep-id') return { uid: everyId, gid: everyId }
  if (mode === 'auto') {
    const { first, count } = context.users.ranges.allocate(id)
    const mapping = [{ containerID: 0, hostID: first, size: count }]
    return { uid: mapping, gid: mapping }
  }
  if (context.users.remap !== undefined) checkRemapped(hostConfig)
  return context.users.remap
}

/** What dockerd refuses with `userns-remap` (daemon_unix.go, verifyPlatformContainerSettings). */
function checkRemapped({ Privileged, NetworkMode, PidMode }: HostConfig): void {
  const refuse = (message: string): BerthError => new BerthError('INVALID_ARGUMENT', message)
  if (Privileged === true)
    throw refuse(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    )
  if (NetworkMode === 'host') throw refuse("cannot share the host's network namespace when user namespaces are enabled")
  if (PidMode === 'host') throw refuse('cannot share the host PID namespace when user namespaces are enabled')
}

/** What a start joins or makes; `netnsPath` is the network namespace of its own that networks made for it. */
export function planUserNamespace(
  context: ContainerContext,
  { record }: Container,
  netnsPath: string | undefined,
): UserNamespace | undefined {
  const other = sharedWith(context, record.hostConfig)
  if (other !== undefined) {
    const shared = planUserNamespace(context, other, undefined)
    if (shared === undefined) return undefined
    if (other.state.pid === 0)
      throw new BerthError(
        'CONFLICT',
        `cannot join the user namespace of container ${other.record.id}, which is not running`,
      )
    return {
      namespace: { type: 'user', path: `/proc/${other.state.pid}/ns/user` },
      isIdmapped: shared.isIdmapped,
    }
  }
  const { userns: maps } = record
  if (maps === undefined) return undefined
  const isIdmapped = maps.uid.some(({ containerID, hostID }) => containerID !== hostID)
  if (netnsPath !== undefined) return { namespace: { type: 'user', ownerOf: netnsPath }, isIdmapped }
  return { namespace: { type: 'user' }, maps, isIdmapped }
}

/** The container that has the namespaces which this one joins. */
function sharedWith(context: ContainerContext, { NetworkMode, IpcMode, PidMode }: HostConfig): Container | undefined {
  return [NetworkMode, IpcMode, PidMode].map(mode => joinedContainer(context, mode)).find(other => other !== undefined)
}
