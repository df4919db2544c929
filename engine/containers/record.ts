import type { OomPolicy } from '../../schemas/api/berth.ts'
import type { ContainerConfig } from '../../schemas/api/container-create.ts'
import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import type { IdMaps } from '../users/remap.ts'
import type { MountRequest } from '../volumes/mounts.ts'
import type { RestartPolicy } from './restart.ts'

/** What a container was made from. Written at create and by update and rename; what changes by living is in ContainerState. */
export interface ContainerRecord {
  readonly id: string
  /** Without a leading slash. */
  readonly name: string
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string
  /** The request's config with the image's filled in: what inspect shows. */
  readonly config: ContainerConfig
  readonly hostConfig: HostConfig
  readonly image: { readonly id: string; readonly reference: string }
  /** Program and arguments: entrypoint and command joined; never empty. */
  readonly args: readonly string[]
  readonly endpoints: Readonly<Record<string, EndpointSettings>>
  /** Volumes and binds in order of mounting, volume names filled in. */
  readonly mounts: readonly MountRequest[]
  readonly restartPolicy: RestartPolicy
  readonly oomPolicy: OomPolicy
  readonly priority: number
  /** Secrets and configs lie in `files.json` of the data folder. */
  readonly hasFiles: boolean
  /** Of its own user namespace. Its files are written with these ids, so they stay for as long as it lives. */
  readonly userns?: IdMaps
}

/** Images that must stay while the container is there: the one that it starts from, and those that it has mounted. */
export const imagesOf = ({ image, mounts }: Pick<ContainerRecord, 'image' | 'mounts'>): readonly string[] => [
  image.id,
  ...mounts.flatMap(mount => (mount.kind === 'image' ? [mount.imageId] : [])),
]

/** Twelve digits, as people see it. */
export const shortId = (id: string): string => id.slice(0, 12)

/** Where a container's things lie. */
export interface ContainerPaths {
  /** On tmpfs: monitor.sock, exit.json, rootfs, hosts, resolv.conf, hostname. */
  readonly bundle: string
  /** On disk: log, upper, work, files.json. */
  readonly data: string
  /** On tmpfs, for writable layers that cannot lie on the disk; as long-lived as `data`, but for a restart of the host. */
  readonly memory: string
  readonly rootfs: string
  readonly hosts: string
  readonly resolvConf: string
  readonly hostname: string
  readonly log: string
  readonly files: string
}

export function containerPaths(id: string, runDir: string, dataRoot: string): ContainerPaths {
  const bundle = `${runDir}/containers/${id}`
  const data = `${dataRoot}/containers/${id}`
  return {
    bundle,
    data,
    memory: `${runDir}/writable/${id}`,
    rootfs: `${bundle}/rootfs`,
    hosts: `${bundle}/hosts`,
    resolvConf: `${bundle}/resolv.conf`,
    hostname: `${bundle}/hostname`,
    log: `${data}/${id}-json.log`,
    files: `${data}/files.json`,
  }
}
