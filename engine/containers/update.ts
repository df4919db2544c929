import type { ContainerUpdateRequest, ContainerUpdateResponse, HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { toResources } from '../runtime/resources.ts'
import { publish } from './announce.ts'
import { checkResources, fitToKernel } from './check-resources.ts'
import type { ContainerContext } from './context.ts'
import { isUp } from './state.ts'
import { checkName, checkRestartPolicy } from './validate.ts'

/** POST /containers/{id}/update: new limits (of the running process too) and a new restart policy. */
export async function updateContainer(
  context: ContainerContext,
  reference: string,
  request: ContainerUpdateRequest,
): Promise<ContainerUpdateResponse> {
  const container = context.registry.get(reference)
  return context.queue.run(container.record.id, async () => {
    const { record, state, live } = container
    if (state.status === 'removing' || state.status === 'dead') {
      throw new BerthError('CONFLICT', 'container is marked for removal and cannot be "update"')
    }
    const { config: wishes, warnings } = fitToKernel(request, context.host)
    const changes = changedLimits(wishes)
    checkResources(
      changes.MemorySwap && !changes.Memory ? { ...changes, Memory: record.hostConfig.Memory } : changes,
      context.host,
    )
    checkAgainstPresent(record.id, changes, record.hostConfig)
    const hostConfig = { ...record.hostConfig, ...changes }
    const { RestartPolicy } = request
    const hasPolicy = RestartPolicy?.Name !== undefined && RestartPolicy.Name !== ''
    const restartPolicy = hasPolicy ? checkRestartPolicy(request) : record.restartPolicy
    if (hasPolicy && hostConfig.AutoRemove && restartPolicy.name !== 'no') {
      throw new BerthError(
        'INVALID_ARGUMENT',
        'Restart policy cannot be updated because AutoRemove is enabled for the container',
      )
    }
    if (isUp(state)) {
      // The swap limit as it is: without one toResources would choose twice the memory.
      const swap = changes.Memory ? { MemorySwap: hostConfig.MemorySwap ?? -1 } : {}
      const resources = toResources({ ...changes, ...swap }, context.host)
      if (Object.keys(resources).length > 0) await live.monitor?.update(resources)
    }
    if (request.Memory && state.grownMemoryBytes !== undefined) {
      const { grownMemoryBytes: _grown, ...rest } = state
      void context.registry.setState(container, rest)
    }
    await context.registry.update(container, {
      ...record,
      hostConfig: {
        ...hostConfig,
        RestartPolicy: { Name: restartPolicy.name, MaximumRetryCount: restartPolicy.maxRetries },
      },
      restartPolicy,
    })
    publish(context, container, 'update')
    return { Warnings: warnings.length > 0 ? warnings : null }
  })
}

/** What dockerd changes of a container that exists (moby container/container_unix.go, UpdateContainer); it ignores all else. */
const changeable = [
  'BlkioWeight',
  'CpuShares',
  'NanoCpus',
  'CpuPeriod',
  'CpuQuota',
  'CpusetCpus',
  'CpusetMems',
  'Memory',
  'MemorySwap',
  'MemoryReservation',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'PidsLimit',
] as const satisfies readonly (keyof HostConfig)[]

type ChangedLimits = Partial<Pick<HostConfig, (typeof changeable)[number]>>

/** Zero means "leave it", but for the number of processes, where it is "no limit". */
function changedLimits(wishes: ContainerUpdateRequest): ChangedLimits {
  const given = changeable.filter(name => wishes[name] !== undefined && (name === 'PidsLimit' || wishes[name]))
  const changes: ChangedLimits = Object.fromEntries(given.map(name => [name, wishes[name]]))
  return changes.PidsLimit !== undefined && changes.PidsLimit < 0 ? { ...changes, PidsLimit: 0 } : changes
}

/** Throws CONFLICT for what does not go with limits that stay. */
function checkAgainstPresent(id: string, changes: ChangedLimits, present: HostConfig): void {
  const conflict = (reason: string): BerthError =>
    new BerthError('CONFLICT', `Cannot update container ${id}: ${reason}`)
  const options = (changed: string, set: string): BerthError =>
    conflict(`Conflicting options: ${changed} cannot be updated as ${set} has already been set`)
  if (changes.NanoCpus && present.CpuPeriod) throw options('Nano CPUs', 'CPU Period')
  if (changes.NanoCpus && present.CpuQuota) throw options('Nano CPUs', 'CPU Quota')
  if (changes.CpuPeriod && present.NanoCpus) throw options('CPU Period', 'NanoCPUs')
  if (changes.CpuQuota && present.NanoCpus) throw options('CPU Quota', 'NanoCPUs')
  // Unlike dockerd, swap without a limit (-1) allows any memory limit.
  const swap = present.MemorySwap ?? 0
  if (changes.Memory && !changes.MemorySwap && swap !== -1 && changes.Memory > swap) {
    throw conflict(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    )
  }
}

/** POST /containers/{id}/rename. */
export async function renameContainer(context: ContainerContext, reference: string, newName: string): Promise<void> {
  const container = context.registry.get(reference)
  const name = allocating(() => checkName(newName, newName.startsWith('/') ? newName : `/${newName}`))
  await context.queue.run(container.record.id, async () => {
    const { record } = container
    if (record.name === name) {
      throw new BerthError('INVALID_ARGUMENT', 'Renaming a container with the same name as its current name')
    }
    allocating(() => context.registry.reserveName(name, record.id))
    try {
      await context.registry.update(container, { ...record, name })
    } catch (error) {
      context.registry.releaseName(name, record.id)
      throw error
    }
    context.registry.releaseName(record.name, record.id)
    await context.networks.rename(record.id, name)
    publish(context, container, 'rename', { oldName: `/${record.name}` })
  })
}

/** dockerd says on the way to what it found out. */
function allocating<T>(take: () => T): T {
  try {
    return take()
  } catch (error) {
    if (!(error instanceof BerthError)) throw error
    throw new BerthError(error.code, `Error when allocating new name: ${error.message}`, { cause: error })
  }
}
