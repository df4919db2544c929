import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { ContainerFile } from '../../schemas/api/berth.ts'
import type { ContainerCreateRequest, ContainerCreateResponse } from '../../schemas/api/container-create.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { Platform } from '../images/oci.ts'
import type { ResolvedImage } from '../images/service.ts'
import type { NetworkRequest } from '../networks/attachments.ts'
import { containerCapabilities } from '../runtime/capabilities.ts'
import { ownRuntimeName } from '../runtime/runtimes.ts'
import { parseSecurityOptions } from '../runtime/security.ts'
import { maskedPaths, readonlyPaths } from '../runtime/spec.ts'
import type { MountRequest } from '../volumes/mounts.ts'
import { publish } from './announce.ts'
import { fitToKernel } from './check-resources.ts'
import { formatTime } from './clock.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { joinedContainer } from './join-namespace.ts'
import { checkLogConfig, logConfigOf } from './log-config.ts'
import { mergeImageConfig } from './merge-image.ts'
import { toMountRequests } from './mount-requests.ts'
import { randomId, randomName } from './names.ts'
import { type ContainerRecord, imagesOf } from './record.ts'
import { defaultOomPolicy } from './restart.ts'
import { isUp } from './state.ts'
import { chooseMaps } from './user-namespace.ts'
import { checkCreateRequest, checkName, checkRestartPolicy } from './validate.ts'

/** Makes a container: a record, its place in networks and volumes; nothing of it runs yet. On failure nothing is left. */
export async function createContainer(
  context: ContainerContext,
  wanted: ContainerCreateRequest,
  options: {
    readonly name: string | undefined
    readonly signal?: AbortSignal
    readonly platform?: Platform | undefined
  },
): Promise<ContainerCreateResponse> {
  const fitted = fitToKernel(wanted.HostConfig ?? {}, context.host)
  const request = { ...wanted, HostConfig: fitted.config }
  checkCreateRequest(request, context.host)
  if (!request.Image) throw new BerthError('INVALID_ARGUMENT', 'no command specified')
  const image = await context.images.resolve(request.Image, {
    platform: options.platform,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const wantedName = options.name === undefined || options.name === '' ? undefined : checkName(options.name)
  const id = randomId()
  const name = wantedName ?? randomName(candidate => context.registry.isNameTaken(candidate))
  context.registry.reserveName(name, id)
  const undo: (() => Promise<void> | void)[] = [() => context.registry.releaseName(name, id)]
  try {
    undo.push(() => context.users.ranges.release(id))
    const draft = toRecord(context, request, image, { id, name })
    undo.push(() => context.volumes.release(id, { removeAnonymous: true }))
    const mounts = await context.volumes.reserve(id, await resolveImages(context, draft.mounts))
    if (draft.hasFiles) {
      undo.push(() => rm(pathsOf(context, id).data, { recursive: true, force: true }))
      await writeFiles(pathsOf(context, id), request.Berth?.Files ?? [])
    }
    undo.push(() => context.networks.release(id))
    // One wait for both lines of the journal: should only the first reach the disk, recovery drops it.
    const reserved = reserveNetworks(context, {
      containerId: id,
      name,
      hostname: draft.config.Hostname ?? '',
      ...(draft.config.Domainname ? { domainname: draft.config.Domainname } : {}),
      mode: draft.hostConfig.NetworkMode ?? '',
      endpoints: draft.endpoints,
      ...(request.MacAddress ? { macAddress: request.MacAddress } : {}),
      exposedPorts: Object.keys(draft.config.ExposedPorts ?? {}),
      portBindings: draft.hostConfig.PortBindings ?? {},
      publishAllPorts: draft.hostConfig.PublishAllPorts === true,
      ...(draft.hostConfig.Links?.length ? { links: draft.hostConfig.Links } : {}),
      dns: draft.hostConfig.Dns ?? [],
      dnsOptions: draft.hostConfig.DnsOptions ?? [],
      sysctls: draft.hostConfig.Sysctls ?? {},
      labels: draft.config.Labels ?? {},
      ...(draft.userns === undefined ? {} : { idMaps: draft.userns }),
    })
    const added = context.registry.add({ ...draft, mounts })
    undo.push(async () => {
      if (context.registry.find(id) !== undefined) await context.registry.remove(await added)
    })
    const [container, warnings] = await Promise.all([added, reserved])
    for (const used of imagesOf(container.record))
      context.images.use(used, { containerId: id, isRunning: () => isUp(container.state) })
    publish(context, container, 'create')
    return { Id: id, Warnings: [...fitted.warnings, ...warnings] }
  } catch (error) {
    for (const step of undo.reverse()) {
      await Promise.resolve(step()).catch?.((undoError: unknown) => {
        context.log.error({ container: id, err: undoError }, 'create not undone')
      })
    }
    throw error
  }
}

/**
 * To the docker command 404 means that the image is not there, which it then pulls: that is left for images. dockerd looks for networks at the start.
 * (A container that `volumes_from` names is 404 with dockerd too.)
 */
async function reserveNetworks(context: ContainerContext, request: NetworkRequest): Promise<readonly string[]> {
  try {
    return await context.networks.reserve(request)
  } catch (error) {
    throw withoutNotFound(error)
  }
}

/** The container whose namespace is to be joined, by its id: the other may get another name. */
function joinedMode(
  context: ContainerContext,
  name: 'NetworkMode' | 'IpcMode' | 'PidMode',
  mode: string | undefined,
): string | undefined {
  try {
    const joined = joinedContainer(context, mode)
    return joined === undefined ? undefined : `container:${joined.record.id}`
  } catch (error) {
    throw withoutNotFound(error, name === 'NetworkMode' ? 'joining network namespace of container: ' : '')
  }
}

function withoutNotFound(error: unknown, before = ''): unknown {
  if (!(error instanceof BerthError) || error.code !== 'NOT_FOUND') return error
  return new BerthError('INVALID_ARGUMENT', `${before}${error.message}`, { cause: error })
}

function toRecord(
  context: ContainerContext,
  request: ContainerCreateRequest,
  image: ResolvedImage,
  identity: { readonly id: string; readonly name: string },
): ContainerRecord {
  const { HostConfig: wishes = {}, NetworkingConfig, Berth, ...config } = request
  const modes = Object.fromEntries(
    (['NetworkMode', 'IpcMode', 'PidMode'] as const).flatMap(name => {
      const mode = joinedMode(context, name, wishes[name])
      return mode === undefined ? [] : [[name, mode] as const]
    }),
  )
  const hostConfig = withDefaults({ ...wishes, ...modes, Runtime: wishes.Runtime || context.runtimes.defaultName })
  const merged = mergeImageConfig(config, image.config)
  const args = [...(merged.Entrypoint ?? []), ...(merged.Cmd ?? [])]
  if (args.length === 0 || args[0] === '') throw new BerthError('INVALID_ARGUMENT', 'no command specified')
  checkSecurity(context, hostConfig)
  checkLogConfig(hostConfig)
  logConfigOf(hostConfig, '')
  const restartPolicy = checkRestartPolicy(hostConfig)
  const runtime = context.runtimes.find(hostConfig.Runtime)
  const userns = chooseMaps(context, identity.id, hostConfig)
  if (runtime !== undefined && userns !== undefined)
    throw new BerthError(
      'INVALID_ARGUMENT',
      `runtime ${hostConfig.Runtime}: user namespaces are made by the runtime ${ownRuntimeName} only`,
      {
        hint: `use that one, or UsernsMode "host"`,
      },
    )
  return {
    ...identity,
    createdAt: formatTime(context.clock.now()),
    config: {
      ...merged,
      Image: request.Image,
      Hostname: request.Hostname || defaultHostname(context, hostConfig, identity.id),
    },
    hostConfig,
    image: { id: image.id, reference: image.reference },
    args,
    endpoints: NetworkingConfig?.EndpointsConfig ?? {},
    mounts: toMountRequests({
      hostConfig,
      volumePaths: Object.keys(merged.Volumes ?? {}),
      inherited: inheritedMounts(context, hostConfig.VolumesFrom ?? []),
    }),
    restartPolicy,
    oomPolicy: Berth?.Oom ?? defaultOomPolicy(restartPolicy),
    priority: Berth?.Priority ?? 0,
    hasFiles: (Berth?.Files?.length ?? 0) > 0,
    ...(userns === undefined ? {} : { userns }),
  }
}

/** The images that are to be mounted, as their names mean them now. */
function resolveImages(context: ContainerContext, mounts: readonly MountRequest[]): Promise<readonly MountRequest[]> {
  return Promise.all(
    mounts.map(async mount => {
      if (mount.kind !== 'image') return mount
      return { ...mount, imageId: (await context.images.resolve(mount.reference)).id }
    }),
  )
}

function defaultHostname(context: ContainerContext, hostConfig: HostConfig, id: string): string {
  const mode = hostConfig.NetworkMode ?? ''
  if (mode.startsWith('container:')) {
    // It has the other's addresses, so it goes by the other's name.
    return context.registry.get(mode.slice('container:'.length)).record.config.Hostname || id.slice(0, 12)
  }
  return mode === 'host' || hostConfig.UTSMode === 'host' ? context.host.hostname : id.slice(0, 12)
}

/** Members that inspect shows with dockerd's defaults. */
function withDefaults<Wishes extends HostConfig>(wishes: Wishes): Wishes & HostConfig {
  const isPrivileged = wishes.Privileged === true
  const mode = wishes.NetworkMode ?? ''
  return {
    ...wishes,
    NetworkMode: mode === '' || mode === 'default' ? 'bridge' : mode,
    RestartPolicy: {
      Name: wishes.RestartPolicy?.Name || 'no',
      MaximumRetryCount: wishes.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    LogConfig: { Type: wishes.LogConfig?.Type || 'json-file', Config: wishes.LogConfig?.Config ?? {} },
    IpcMode: wishes.IpcMode || 'private',
    CgroupnsMode: wishes.CgroupnsMode || (isPrivileged ? 'host' : 'private'),
    ShmSize: wishes.ShmSize || 64 * 1024 * 1024,
    // 0 and less are no limit, which dockerd shows as none.
    PidsLimit: wishes.PidsLimit !== undefined && wishes.PidsLimit > 0 ? wishes.PidsLimit : undefined,
    ...(wishes.Memory && !wishes.MemorySwap ? { MemorySwap: wishes.Memory * 2 } : {}),
    MaskedPaths: isPrivileged ? undefined : (wishes.MaskedPaths ?? [...maskedPaths]),
    ReadonlyPaths: isPrivileged ? undefined : (wishes.ReadonlyPaths ?? [...readonlyPaths]),
  }
}

/** Names that no kernel knows are told now and not at the start. */
function checkSecurity(context: ContainerContext, hostConfig: HostConfig): void {
  const available = context.host.capabilities
  const { CapAdd: add = [], CapDrop: drop = [], Privileged } = hostConfig
  containerCapabilities({ add, drop, isPrivileged: Privileged === true, available })
  parseSecurityOptions(hostConfig.SecurityOpt ?? [], available)
}

/** `container[:ro|rw]` of VolumesFrom: the other's mounts, with its access unless told. */
function inheritedMounts(context: ContainerContext, sources: readonly string[]): readonly MountRequest[] {
  return sources.flatMap(source => {
    const [reference = '', mode] = source.split(':')
    const isReadOnly = mode === 'ro' ? { isReadOnly: true } : {}
    return context.registry.get(reference).record.mounts.map(mount => ({ ...mount, ...isReadOnly }))
  })
}

/** Secrets and configs are kept where only root reads them, apart from the record: they show in no answer. */
async function writeFiles(
  paths: { readonly data: string; readonly files: string },
  files: readonly ContainerFile[],
): Promise<void> {
  await mkdir(paths.data, { recursive: true, mode: 0o710 })
  await writeFile(paths.files, JSON.stringify(files), { mode: 0o600 })
}
