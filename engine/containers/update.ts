import type { ContainerUpdateRequest, ContainerUpdateResponse } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { toResources } from '../runtime/resources.ts'
import { publish } from './announce.ts'
import type { ContainerContext } from './context.ts'
import { isUp } from './state.ts'
import { checkName, checkResources, checkRestartPolicy } from './validate.ts'

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
    // Zero means "leave it", as for every member of an update.
    const { RestartPolicy, ...wishes } = request
    const changes = Object.fromEntries(
      Object.entries(wishes).filter(([, value]) => value !== undefined && value !== 0 && value !== ''),
    )
    const hostConfig = { ...record.hostConfig, ...changes }
    checkResources(hostConfig, context.host.cpuCount)
    const hasPolicy = RestartPolicy?.Name !== undefined && RestartPolicy.Name !== ''
    const restartPolicy = hasPolicy ? checkRestartPolicy(request) : record.restartPolicy
    if (hasPolicy && hostConfig.AutoRemove && restartPolicy.name !== 'no') {
      throw new BerthError(
        'INVALID_ARGUMENT',
        'Restart policy cannot be updated because AutoRemove is enabled for the container',
      )
    }
    if (isUp(state)) {
      const resources = toResources(pick(hostConfig, Object.keys(changes)), context.host)
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
    return { Warnings: [] }
  })
}

function pick<T extends object>(value: T, names: readonly string[]): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name))) as Partial<T>
}

/** POST /containers/{id}/rename. */
export async function renameContainer(context: ContainerContext, reference: string, newName: string): Promise<void> {
  const container = context.registry.get(reference)
  if (newName === '') throw new BerthError('INVALID_ARGUMENT', 'Neither old nor new names may be empty')
  const name = allocating(() => checkName(newName, `/${newName}`))
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
