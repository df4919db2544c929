import { isIP } from 'node:net'
import type { ContainerCreateRequest } from '../../schemas/api/container-create.ts'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { checkModes } from './check-modes.ts'
import { checkResources, type HostResources } from './check-resources.ts'
import type { RestartPolicy } from './restart.ts'
import { parseSignal } from './signals.ts'

const invalid = (message: string): BerthError => new BerthError('INVALID_ARGUMENT', message)

const maxNameLength = 255
const maxLabelBytes = 256 * 1024

/** Throws dockerd's text for a name that it would refuse; returns it without a leading slash. */
export function checkName(text: string, shown = text): string {
  const name = text.startsWith('/') ? text.slice(1) : text
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || name.length > maxNameLength) {
    throw invalid(`Invalid container name (${shown.slice(0, 100)}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
  }
  return name
}

/** Everything about a create request that can be known to be wrong before the start. */
export function checkCreateRequest(request: ContainerCreateRequest, host: HostResources): void {
  const hostConfig = request.HostConfig ?? {}
  if (request.WorkingDir && !request.WorkingDir.startsWith('/')) {
    throw invalid(`the working directory '${request.WorkingDir}' is invalid, it needs to be an absolute path`)
  }
  if (
    request.Hostname &&
    !/^(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)(?:\.[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*$/.test(
      request.Hostname,
    )
  ) {
    throw invalid(`invalid hostname format: ${JSON.stringify(request.Hostname)}`)
  }
  if (request.Hostname && request.Hostname.length > 64)
    throw invalid(`invalid hostname: longer than 64 bytes: ${request.Hostname}`)
  for (const entry of request.Env ?? []) {
    if (entry === '' || entry.startsWith('=')) throw invalid(`invalid environment variable: ${entry}`)
  }
  for (const text of [...(request.Env ?? []), ...(request.Cmd ?? []), ...(request.Entrypoint ?? [])]) {
    if (text.includes('\0')) throw invalid('environment and command must not hold a NUL')
  }
  if (request.StopSignal) parseSignal(request.StopSignal)
  if (Buffer.byteLength(JSON.stringify(request.Labels ?? {})) > maxLabelBytes)
    throw invalid('labels are over the limit of 256 KiB')
  checkHealthcheck(request)
  checkRestartPolicy(hostConfig)
  checkResources(hostConfig, host)
  checkModes(hostConfig)
  checkHostConfig(hostConfig)
  if (hostConfig.NetworkMode?.startsWith('container:')) checkSharedNetwork(request, hostConfig)
  if (request.Hostname && hostConfig.UTSMode === 'host') throw invalid('conflicting options: hostname and the UTS mode')
}

/** What the container whose network is shared has already; dockerd's words. */
function checkSharedNetwork(request: ContainerCreateRequest, hostConfig: HostConfig): void {
  const conflict = (what: string): BerthError => invalid(`conflicting options: ${what}`)
  if (request.Hostname) throw conflict('hostname and the network mode')
  if (hostConfig.Dns?.length) throw conflict('dns and the network mode')
  if (hostConfig.ExtraHosts?.length) throw conflict('custom host-to-IP mapping and the network mode')
  if (Object.keys(request.ExposedPorts ?? {}).length > 0)
    throw conflict('port exposing and the container type network mode')
}

function checkHostConfig(hostConfig: HostConfig): void {
  const parent = hostConfig.CgroupParent ?? ''
  // dockerd takes '..' too, and then limits nothing: the container lies beside the parent that the administrator meant.
  if (parent.split('/').includes('..'))
    throw invalid(`invalid cgroup parent '${parent}': it must be a path without '..'`)
  if (hostConfig.AutoRemove && !['', 'no'].includes(hostConfig.RestartPolicy?.Name ?? '')) {
    throw invalid("can't create 'AutoRemove' container with restart policy")
  }
  // dockerd takes any text, and then gives what the daemon gives: a container that is less shut in than its client wrote.
  if (!['', 'private', 'host', 'auto', 'keep-id'].includes(hostConfig.UsernsMode ?? ''))
    throw invalid(`invalid userns mode: ${hostConfig.UsernsMode}: expected "host", "auto", "keep-id" or nothing`)
  const [request] = hostConfig.DeviceRequests ?? []
  if (request !== undefined) {
    const capabilities = (request.Capabilities ?? []).map(names => `[${names.join(' ')}]`).join(' ')
    throw invalid(`could not select device driver "${request.Driver ?? ''}" with capabilities: [${capabilities}]`)
  }
  const score = hostConfig.OomScoreAdj ?? 0
  if (score < -1000 || score > 1000) throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`)
  for (const name of Object.keys(hostConfig.Sysctls ?? {})) {
    if (!/^(?:net\.|fs\.mqueue\.|kernel\.(?:msg|sem|shm))/.test(name))
      throw invalid(`sysctl '${name}' is not separate in the kernel's namespaces`)
    if (name.startsWith('net.') && hostConfig.NetworkMode === 'host')
      throw invalid(`sysctl '${name}' not allowed in host network namespace`)
  }
  for (const limit of hostConfig.Ulimits ?? []) {
    if (
      !/^(?:as|core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|stack)$/.test(
        limit.Name,
      )
    ) {
      throw invalid(`invalid ulimit type: ${limit.Name}`)
    }
    if (limit.Hard !== -1 && (limit.Soft > limit.Hard || limit.Soft === -1)) {
      throw invalid(`ulimit soft limit must be less than or equal to hard limit: ${limit.Soft} > ${limit.Hard}`)
    }
  }
  for (const entry of hostConfig.ExtraHosts ?? []) {
    checkExtraHost(entry)
  }
}

/** `name:address`; `host-gateway` stands for the host's address. */
function checkExtraHost(entry: string): void {
  const match = /^([^\s:]+):(\S+)$/.exec(entry)
  if (match === null) throw invalid(`bad format for add-host: "${entry.slice(0, 100)}"`)
  const [, , address = ''] = match
  if (address !== 'host-gateway' && isIP(address) === 0)
    throw invalid(`invalid IP address in add-host: "${address.slice(0, 100)}"`)
}

function checkHealthcheck(request: ContainerCreateRequest): void {
  const check = request.Healthcheck
  if (check === undefined) return
  const minimum = 1_000_000
  for (const [name, value] of [
    ['Interval', check.Interval],
    ['Timeout', check.Timeout],
    ['StartPeriod', check.StartPeriod],
    ['StartInterval', check.StartInterval],
  ] as const) {
    if (value !== undefined && value !== 0 && value < minimum)
      throw invalid(`${name} in Healthcheck cannot be less than 1ms`)
  }
  if ((check.Retries ?? 0) < 0) throw invalid('Retries in Healthcheck cannot be negative')
}

export function checkRestartPolicy(config: { readonly RestartPolicy?: HostConfig['RestartPolicy'] }): RestartPolicy {
  const name = config.RestartPolicy?.Name || 'no'
  const maxRetries = config.RestartPolicy?.MaximumRetryCount ?? 0
  if (name !== 'no' && name !== 'always' && name !== 'on-failure' && name !== 'unless-stopped') {
    throw invalid(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    )
  }
  if (maxRetries < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative')
  if (maxRetries > 0 && name !== 'on-failure') {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'")
  }
  return { name, maxRetries }
}
