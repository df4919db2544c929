import type { OomIncident } from '../../schemas/api/berth.ts'
import type { Filters } from '../../schemas/api/filters.ts'
import type { DiskUsage, SystemInfo, SystemVersion } from '../../schemas/api/system.ts'
import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'

export function engineVersion(client: EngineClient, options: CallOptions = {}): Promise<SystemVersion> {
  return client.json({ method: 'GET', path: '/version', ...withSignal(options) })
}

export function engineInfo(client: EngineClient, options: CallOptions = {}): Promise<SystemInfo> {
  return client.json({ method: 'GET', path: '/info', ...withSignal(options) })
}

/** What is stored and how much of it is used; `Usage` is the part of the answer that the caller reads. */
export function diskUsage<Usage = DiskUsage>(client: EngineClient, options: CallOptions = {}): Promise<Usage> {
  return client.json({ method: 'GET', path: '/system/df', ...withSignal(options) })
}

/** Out-of-memory kills that Berth's engine remembers, newest last. Other engines have no such thing (NOT_FOUND). */
export function listOomIncidents(
  client: EngineClient,
  filters: Filters,
  options: CallOptions = {},
): Promise<readonly OomIncident[]> {
  return client.json({
    method: 'GET',
    path: '/berth/v1/oom',
    query: { filters: JSON.stringify(filters) },
    ...withSignal(options),
  })
}
