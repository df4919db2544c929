import type { ContainerCreateRequest } from '../../schemas/api/container-create.ts'
import type { HostConfig, MountSpec } from '../../schemas/api/host-config.ts'
import type { ApiVersion } from '../http/context.ts'
import { isAtLeast } from '../http/version.ts'

/** A create request as dockerd 28 reads it from a client of an older API: members that came later are not there, and old defaults hold. Pure. */
export function createForVersion(request: ContainerCreateRequest, version: ApiVersion): ContainerCreateRequest {
  if (isAtLeast(version, 44)) return request
  const { HostConfig: hostConfig, Healthcheck: check, ...rest } = request
  return {
    ...rest,
    ...(check === undefined ? {} : { Healthcheck: { ...check, StartInterval: undefined } }),
    ...(hostConfig === undefined && isAtLeast(version, 40)
      ? {}
      : { HostConfig: hostConfigForVersion(hostConfig ?? {}, version) }),
  }
}

function hostConfigForVersion(config: HostConfig, version: ApiVersion): HostConfig {
  return {
    ...config,
    ...(isAtLeast(version, 43) ? {} : { Annotations: undefined }),
    // Before 1.40 every container let others into its IPC namespace.
    ...(isAtLeast(version, 40) || config.IpcMode ? {} : { IpcMode: 'shareable' }),
    ...(config.Mounts === undefined ? {} : { Mounts: config.Mounts.map(mount => mountForVersion(mount, version)) }),
  }
}

function mountForVersion(mount: MountSpec, version: ApiVersion): MountSpec {
  if (mount.Type !== 'bind') return mount
  const options = mount.BindOptions
  // Read-only held for the mount alone, not for what is mounted below it.
  const isFlat = mount.ReadOnly === true && options?.ReadOnlyForceRecursive !== true
  if (options === undefined && !isFlat) return mount
  return {
    ...mount,
    BindOptions: {
      ...options,
      ...(isAtLeast(version, 42) ? {} : { CreateMountpoint: undefined }),
      ...(isAtLeast(version, 40) ? {} : { NonRecursive: undefined }),
      ...(isFlat ? { ReadOnlyNonRecursive: true } : {}),
    },
  }
}
