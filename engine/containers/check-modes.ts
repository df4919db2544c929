import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { checkMount } from './check-mount.ts'

/** Namespace modes and the like that no container can have: told at create, in dockerd's words (moby runconfig/hostconfig_unix.go, daemon/container.go). */
export function checkModes(hostConfig: HostConfig): void {
  const { IpcMode = '', PidMode = '', UTSMode = '', CgroupnsMode = '', Isolation = '' } = hostConfig
  if (!['', 'none', 'private', 'shareable', 'host'].includes(IpcMode) && !joins(IpcMode))
    throw invalid(`invalid IPC mode: ${IpcMode}`)
  if (!['', 'host'].includes(PidMode) && !joins(PidMode)) throw invalid(`invalid PID mode: ${PidMode}`)
  if (!['', 'host'].includes(UTSMode)) throw invalid(`invalid UTS mode: ${UTSMode}`)
  if (!['', 'private', 'host'].includes(CgroupnsMode)) throw invalid(`invalid cgroup namespace mode: ${CgroupnsMode}`)
  if (!['', 'default'].includes(Isolation))
    throw invalid(`invalid isolation (${Isolation}): linux only supports 'default'`)
  if ((hostConfig.ShmSize ?? 0) < 0) throw invalid('SHM size can not be less than 0')
  if (Object.keys(hostConfig.Annotations ?? {}).includes(''))
    throw invalid('invalid Annotations: the empty string is not permitted as an annotation key')
  for (const option of Object.keys(hostConfig.StorageOpt ?? {})) {
    throw invalid(
      option.toLowerCase() === 'size'
        ? "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
        : `Unknown option ${option}`,
    )
  }
  for (const source of hostConfig.VolumesFrom ?? []) checkVolumesFrom(source)
  for (const mount of hostConfig.Mounts ?? []) checkMount(mount)
}

const joins = (mode: string): boolean => /^container:./.test(mode)

/** `container[:ro|rw|z|Z|…]`. */
function checkVolumesFrom(source: string): void {
  if (source === '') throw invalid('volumes-from specification cannot be an empty string')
  const at = source.indexOf(':')
  if (at === 0) throw invalid('malformed volumes-from specification: empty container name')
  const mode = at === -1 ? undefined : source.slice(at + 1)
  for (const word of mode?.split(',') ?? []) {
    if (!['ro', 'rw', 'z', 'Z', 'nocopy'].includes(word)) throw invalid(`invalid mode: ${mode}`)
  }
}

const invalid = (message: string): BerthError => new BerthError('INVALID_ARGUMENT', message)
