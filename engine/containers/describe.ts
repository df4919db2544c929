import type { MountPoint, ContainerState as WireState } from '../../schemas/api/containers.ts'
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

/** Mounts as inspect and the list show them: what is mounted while it runs, what was asked for otherwise. */
export function describeMounts(container: Container): readonly MountPoint[] {
  const { record, live } = container
  return record.mounts.map((request): MountPoint => {
    const resolved = live.mounts.find(mount => mount.target === request.target)
    const common = { Destination: request.target, RW: !request.isReadOnly, Mode: request.isReadOnly ? 'ro' : '' }
    if (request.kind === 'bind') {
      return { Type: 'bind', Source: request.source, ...common, Propagation: request.propagation ?? 'rprivate' }
    }
    return {
      Type: 'volume',
      Name: request.name,
      Source: resolved?.source ?? '',
      ...common,
      Driver: request.driver ?? 'local',
      Propagation: request.propagation ?? '',
    }
  })
}

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

/** go-units HumanDuration. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.round(seconds / 3600)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(hours / 24 / 365)} years`
}
