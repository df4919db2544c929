import type { ImageInspect } from '../../schemas/api/images.ts'
import type { ApiVersion } from '../http/context.ts'
import { isAtLeast } from '../http/version.ts'

/** Members of a container's configuration, which an image's had as well until 1.50, all of them empty. */
const ofContainers = {
  ...{ Hostname: '', Domainname: '', AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: false },
  ...{ OpenStdin: false, StdinOnce: false, Image: '' },
}
const nothing = {
  User: '',
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
}

/** GET /images/{name}/json as dockerd 28 gives it to a client of an older API. Pure. */
export function imageForVersion({ Descriptor, ...image }: ImageInspect, version: ApiVersion): object {
  return {
    ...image,
    ...(isAtLeast(version, 48) && Descriptor !== undefined ? { Descriptor } : {}),
    ...(isAtLeast(version, 45) ? {} : { ContainerConfig: { ...ofContainers, ...nothing } }),
    Config: isAtLeast(version, 50) ? image.Config : { ...ofContainers, ...image.Config },
  }
}
