import type { MountPoint, ContainerState as WireState } from '../../schemas/api/containers.ts'
import type { MountSpec } from '../../schemas/api/host-config.ts'
import { humanDuration } from '../../schemas/human-duration.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { pathsOf } from './context.ts'
import { isUp } from './state.ts'

/** The State of inspect. */
export function describeState(container: Container): WireState {
  const { state, live } = container
  return {
    Status: state.status,
    Running: isUp(state) || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(live.health === undefined
      ? {}
      : { Health: { Status: live.health.status, FailingStreak: live.health.failingStreak, Log: live.health.log } }),
  }
}

/** Mounts as inspect and the list show them. */
export function describeMounts({ volumes }: ContainerContext, { record }: Container): readonly MountPoint[] {
  const mounts = record.mounts.map((request): MountPoint => {
    const common = { Destination: request.target, RW: !request.isReadOnly, Mode: request.mode ?? '' }
    if (request.kind === 'bind') {
      return { Type: 'bind', Source: request.source, ...common, Propagation: request.propagation ?? 'rprivate' }
    }
    if (request.kind === 'image') {
      const Source = volumes.imageDirectory(request.imageId)
      return { Type: 'image', Name: request.reference, Source, ...common, Propagation: 'rprivate' }
    }
    return {
      Type: 'volume',
      Name: request.name,
      Source: volumes.mountpoint(request),
      ...common,
      Driver: request.driver ?? 'local',
      Propagation: request.propagation ?? '',
    }
  })
  return [...mounts, ...(record.hostConfig.Mounts ?? []).filter(({ Type }) => Type === 'tmpfs').map(describeTmpfs)]
}

const describeTmpfs = ({ Target = '', ReadOnly }: MountSpec): MountPoint => ({
  Type: 'tmpfs',
  Source: '',
  Destination: Target,
  Mode: '',
  RW: ReadOnly !== true,
  Propagation: '',
})

/** Files of a container that inspect names. */
export function describePaths(context: ContainerContext, container: Container) {
  const paths = pathsOf(context, container.record.id)
  const hasLog = container.record.hostConfig.LogConfig?.Type !== 'none'
  return {
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: hasLog ? paths.log : '',
  }
}

/** `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`: dockerd's words (moby container/state.go). */
export function describeStatus(container: Container, now: number): string {
  const { state, live } = container
  const since = (time: string): string => humanDuration(now - Date.parse(time))
  switch (state.status) {
    case 'running': {
      const health =
        live.health === undefined
          ? ''
          : ` (${live.health.status === 'starting' ? 'health: starting' : live.health.status})`
      return `Up ${since(state.startedAt)}${health}`
    }
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
    case 'created':
      return 'Created'
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`
    default:
      return state.status satisfies never
  }
}
