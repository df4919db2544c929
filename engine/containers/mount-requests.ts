import { posix } from 'node:path'
import type { HostConfig, MountSpec } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { MountRequest } from '../volumes/service.ts'

export interface MountSources {
  readonly hostConfig: HostConfig
  /** `Config.Volumes` and the image's: paths that get an anonymous volume unless something else is mounted there. */
  readonly volumePaths: readonly string[]
  /** Mounts of the containers that `VolumesFrom` names, each with its access. */
  readonly inherited: readonly MountRequest[]
}

/** Every volume and bind of a container; the first of these wins a target: Binds and Mounts (which must not collide), VolumesFrom, volume paths. */
export function toMountRequests(sources: MountSources): readonly MountRequest[] {
  const { hostConfig } = sources
  const byTarget = new Map<string, MountRequest>()
  const tmpfsTargets = new Set(Object.keys(hostConfig.Tmpfs ?? {}).map(cleanTarget))
  const wanted = [
    ...(hostConfig.Binds ?? []).map(text => parseBind(text, hostConfig.VolumeDriver)),
    ...(hostConfig.Mounts ?? []).flatMap(mount => fromMount(mount)),
  ]
  for (const request of wanted) {
    if (byTarget.has(request.target) || tmpfsTargets.has(request.target)) {
      throw new BerthError('INVALID_ARGUMENT', `Duplicate mount point: ${request.target}`)
    }
    byTarget.set(request.target, request)
  }
  for (const mount of hostConfig.Mounts ?? [])
    if (mount.Type === 'tmpfs') tmpfsTargets.add(cleanTarget(mount.Target ?? ''))
  for (const request of sources.inherited) if (!byTarget.has(request.target)) byTarget.set(request.target, request)
  for (const path of sources.volumePaths) {
    const target = cleanTarget(path)
    if (!byTarget.has(target) && !tmpfsTargets.has(target))
      byTarget.set(target, { kind: 'volume', name: '', target, isReadOnly: false })
  }
  return [...byTarget.values()]
}

/** An absolute, clean path that is not the root. */
export function cleanTarget(text: string): string {
  if (!text.startsWith('/')) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `invalid mount config: invalid mount path: '${text}' mount path must be absolute`,
    )
  }
  if (text.includes('\0')) throw new BerthError('INVALID_ARGUMENT', 'invalid mount config: the path holds a NUL')
  const path = posix.normalize(text).replace(/(?<=.)\/$/, '')
  if (path === '/') throw new BerthError('INVALID_ARGUMENT', "invalid mount config: destination can't be '/'")
  return path
}

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']
/** Accepted and without effect: SELinux labels, and hints of other platforms. */
const ignoredModes = ['z', 'Z', 'cached', 'delegated', 'consistent', 'copy']

/** `name:/target[:modes]` or `/source:/target[:modes]`. */
export function parseBind(text: string, driver?: string): MountRequest {
  const parts = text.split(':')
  const [source, target, modes] = parts
  if (parts.length < 2 || parts.length > 3 || source === undefined || source === '' || target === undefined) {
    throw new BerthError('INVALID_ARGUMENT', `invalid volume specification: '${text}'`)
  }
  const words = modes === undefined ? [] : modes.split(',')
  for (const word of words) {
    if (!['ro', 'rw', 'nocopy', ...propagations, ...ignoredModes].includes(word)) {
      throw new BerthError('INVALID_ARGUMENT', `invalid mode: ${modes}`)
    }
  }
  const isReadOnly = words.includes('ro')
  const propagation = words.find(word => propagations.includes(word))
  const common = { target: cleanTarget(target), isReadOnly, ...(propagation === undefined ? {} : { propagation }) }
  if (source.startsWith('/')) return { kind: 'bind', source: posix.normalize(source), createsSource: true, ...common }
  return {
    kind: 'volume',
    name: checkVolumeName(source),
    ...(words.includes('nocopy') ? { noCopy: true } : {}),
    ...(driver === undefined || driver === '' ? {} : { driver }),
    ...common,
  }
}

function checkVolumeName(name: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    )
  }
  return name
}

function fromMount(mount: MountSpec): readonly MountRequest[] {
  const target = cleanTarget(mount.Target ?? '')
  const isReadOnly = mount.ReadOnly === true
  switch (mount.Type) {
    case 'tmpfs':
      return []
    case 'bind': {
      const source = mount.Source ?? ''
      if (!source.startsWith('/')) {
        throw new BerthError(
          'INVALID_ARGUMENT',
          `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`,
        )
      }
      const { BindOptions: options } = mount
      return [
        {
          kind: 'bind',
          source: posix.normalize(source),
          target,
          isReadOnly,
          createsSource: options?.CreateMountpoint === true,
          isRecursive: options?.NonRecursive !== true,
          ...(options?.Propagation ? { propagation: options.Propagation } : {}),
        },
      ]
    }
    case 'volume': {
      const { VolumeOptions: options } = mount
      const name = mount.Source ?? ''
      return [
        {
          kind: 'volume',
          name: name === '' ? '' : checkVolumeName(name),
          target,
          isReadOnly,
          ...(options?.NoCopy ? { noCopy: true } : {}),
          ...(options?.Subpath ? { subpath: options.Subpath } : {}),
          ...(options?.DriverConfig?.Name ? { driver: options.DriverConfig.Name } : {}),
          ...(options?.DriverConfig?.Options ? { driverOptions: options.DriverConfig.Options } : {}),
          ...(options?.Labels ? { labels: options.Labels } : {}),
        },
      ]
    }
    default:
      throw new BerthError(
        'INVALID_ARGUMENT',
        `invalid mount config: mount type ${mount.Type ?? 'unknown'} is not supported`,
      )
  }
}
