import { posix } from 'node:path'
import type { HostConfig, MountSpec } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { MountRequest } from '../volumes/mounts.ts'
import { checkVolumeName } from '../volumes/names.ts'
import { propagations } from './check-mount.ts'

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
    throw new BerthError('INVALID_ARGUMENT', `invalid mount path: '${text}' mount path must be absolute`)
  }
  if (text.includes('\0')) throw new BerthError('INVALID_ARGUMENT', 'invalid mount path: it holds a NUL')
  const path = posix.normalize(text).replace(/(?<=.)\/$/, '')
  if (path === '/') throw new BerthError('INVALID_ARGUMENT', "invalid specification: destination can't be '/'")
  return path
}

/** `name:/target[:modes]` or `/source:/target[:modes]`. */
export function parseBind(text: string, driver?: string): MountRequest {
  const parts = text.split(':')
  const [source, target, modes] = parts
  const refuse = (why?: string): BerthError =>
    new BerthError('INVALID_ARGUMENT', `invalid volume specification: '${text}'${why === undefined ? '' : `: ${why}`}`)
  if (parts.length > 3 || source === undefined || source === '' || target === '') throw refuse()
  const type = source.startsWith('/') && target !== undefined ? 'bind' : 'volume'
  const clean = (path: string): string => {
    try {
      return cleanTarget(path)
    } catch (error) {
      throw refuse(`invalid mount config for type "${type}": ${error instanceof Error ? error.message : error}`)
    }
  }
  // A path alone is an anonymous volume.
  if (target === undefined)
    return { kind: 'volume', name: '', target: clean(source), isReadOnly: false, mode: volumeMode }
  const words = parseModes(modes)
  const propagation = words.find(word => propagations.includes(word))
  const common = {
    target: clean(target),
    isReadOnly: words.includes('ro'),
    mode: modes ?? (type === 'volume' ? volumeMode : ''),
    ...(propagation === undefined ? {} : { propagation }),
  }
  if (type === 'bind') {
    if (words.includes('nocopy'))
      throw refuse('invalid mount config for type "bind": field VolumeOptions must not be specified')
    const isIdmapped = words.includes('idmap') ? { isIdmapped: true } : {}
    return { kind: 'bind', source: posix.normalize(source), createsSource: true, ...isIdmapped, ...common }
  }
  checkVolumeName(source)
  return {
    kind: 'volume',
    name: source,
    ...(words.includes('nocopy') ? { noCopy: true } : {}),
    ...(driver === undefined || driver === '' ? {} : { driver }),
    ...common,
  }
}

/** What dockerd says of a volume whose mode was left open. */
const volumeMode = 'z'

/** Words of one kind exclude each other. */
function parseModes(modes: string | undefined): readonly string[] {
  const words = modes === undefined ? [] : modes.split(',')
  const kinds = [
    ['ro', 'rw'],
    ['nocopy', 'copy'],
    ['z', 'Z'],
    ['cached', 'delegated', 'consistent'],
    ['idmap'],
    propagations,
  ]
  const isKnown = (word: string): boolean => kinds.some(kind => kind.includes(word))
  const isTwice = (kind: readonly string[]): boolean => words.filter(word => kind.includes(word)).length > 1
  if (!words.every(isKnown) || kinds.some(isTwice)) throw new BerthError('INVALID_ARGUMENT', `invalid mode: ${modes}`)
  return words
}

function fromMount(mount: MountSpec): readonly MountRequest[] {
  const target = cleanTarget(mount.Target ?? '')
  const isReadOnly = mount.ReadOnly === true
  switch (mount.Type) {
    case 'tmpfs':
      return []
    case 'bind': {
      const { BindOptions: options } = mount
      return [
        {
          kind: 'bind',
          source: posix.normalize(mount.Source ?? ''),
          target,
          isReadOnly,
          createsSource: options?.CreateMountpoint === true,
          isRecursive: options?.NonRecursive !== true,
          ...(options?.ReadOnlyNonRecursive === true ? { isFlatReadOnly: true } : {}),
          ...(options?.Propagation ? { propagation: options.Propagation } : {}),
        },
      ]
    }
    case 'volume': {
      const { VolumeOptions: options } = mount
      const name = mount.Source ?? ''
      if (name !== '') checkVolumeName(name)
      return [
        {
          kind: 'volume',
          name,
          target,
          isReadOnly,
          mode: volumeMode,
          ...(options?.NoCopy ? { noCopy: true } : {}),
          ...(options?.Subpath ? { subpath: options.Subpath } : {}),
          ...(options?.DriverConfig?.Name ? { driver: options.DriverConfig.Name } : {}),
          ...(options?.DriverConfig?.Options ? { driverOptions: options.DriverConfig.Options } : {}),
          ...(options?.Labels ? { labels: options.Labels } : {}),
        },
      ]
    }
    case 'image':
      return [
        {
          kind: 'image',
          reference: mount.Source ?? '',
          imageId: '',
          target,
          isReadOnly: true,
          mode: '',
          ...(mount.ImageOptions?.Subpath ? { subpath: mount.ImageOptions.Subpath } : {}),
        },
      ]
    default:
      throw new BerthError(
        'INVALID_ARGUMENT',
        `invalid mount config: mount type ${mount.Type ?? 'unknown'} is not supported`,
      )
  }
}
