import type { ContainerConfig, HealthConfig } from '../../schemas/api/container-create.ts'
import type { ImageConfig } from '../images/oci.ts'

/** The request's config with everything filled in that the image says and the request does not (moby daemon/commit.go, merge). */
export function mergeImageConfig(request: ContainerConfig, image: ImageConfig): ContainerConfig {
  const command = mergeCommand(request, image)
  const healthcheck = mergeHealthcheck(request.Healthcheck, image.Healthcheck ?? undefined)
  return {
    ...request,
    ...command,
    User: request.User || image.User || '',
    Env: mergeEnvironment(request.Env ?? [], image.Env ?? []),
    Labels: { ...image.Labels, ...request.Labels },
    WorkingDir: request.WorkingDir || image.WorkingDir || '',
    ExposedPorts: emptySets({ ...image.ExposedPorts, ...request.ExposedPorts }),
    Volumes: emptySets({ ...image.Volumes, ...request.Volumes }),
    StopSignal: request.StopSignal || image.StopSignal || undefined,
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    ...(request.Shell?.length ? {} : image.Shell?.length ? { Shell: image.Shell } : {}),
  }
}

/** An entrypoint of the request's own hides the image's command too; `[""]` is "none at all". */
function mergeCommand(request: ContainerConfig, image: ImageConfig): Pick<ContainerConfig, 'Cmd' | 'Entrypoint'> {
  const isReset = request.Entrypoint?.length === 1 && request.Entrypoint[0] === ''
  if (isReset) return { Cmd: request.Cmd, Entrypoint: undefined }
  if (request.Entrypoint !== undefined && request.Entrypoint.length > 0)
    return { Cmd: request.Cmd, Entrypoint: request.Entrypoint }
  const entrypoint = request.Entrypoint === undefined ? (image.Entrypoint ?? undefined) : request.Entrypoint
  return { Cmd: request.Cmd?.length ? request.Cmd : (image.Cmd ?? undefined), Entrypoint: entrypoint }
}

function mergeEnvironment(request: readonly string[], image: readonly string[]): string[] {
  const names = new Set(request.map(nameOf))
  return [...request, ...image.filter(entry => !names.has(nameOf(entry)))]
}

const nameOf = (entry: string): string => {
  const at = entry.indexOf('=')
  return at === -1 ? entry : entry.slice(0, at)
}

function mergeHealthcheck(
  request: HealthConfig | undefined,
  image: ImageConfig['Healthcheck'],
): HealthConfig | undefined {
  if (image === undefined || image === null) return request
  if (request === undefined) return { ...image, Test: image.Test ?? [] }
  return {
    Test: request.Test?.length ? request.Test : (image.Test ?? []),
    Interval: request.Interval || image.Interval,
    Timeout: request.Timeout || image.Timeout,
    StartPeriod: request.StartPeriod || image.StartPeriod,
    StartInterval: request.StartInterval || image.StartInterval,
    Retries: request.Retries || image.Retries,
  }
}

const emptySets = (names: Readonly<Record<string, unknown>>): Record<string, Record<string, never>> =>
  Object.fromEntries(Object.keys(names).map(name => [name, {}]))
