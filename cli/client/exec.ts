import type { ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecStartRequest } from '../../schemas/api/exec.ts'
import { type CallOptions, type EngineClient, type HijackedStream, withSignal } from './engine-client.ts'

export function createExec(
  client: EngineClient,
  containerId: string,
  body: ExecCreateRequest,
  options: CallOptions = {},
): Promise<ExecCreateResponse> {
  const path = `/containers/${encodeURIComponent(containerId)}/exec`
  return client.json({ method: 'POST', path, body, ...withSignal(options) })
}

/** Starts an exec and gives its stdio. */
export function startExec(
  client: EngineClient,
  execId: string,
  body: ExecStartRequest,
  options: CallOptions = {},
): Promise<HijackedStream> {
  return client.hijack({
    method: 'POST',
    path: `/exec/${execId}/start`,
    body: { ...body, Detach: false },
    ...withSignal(options),
  })
}

export function startExecDetached(client: EngineClient, execId: string, options: CallOptions = {}): Promise<void> {
  return client.json({ method: 'POST', path: `/exec/${execId}/start`, body: { Detach: true }, ...withSignal(options) })
}

export function inspectExec(client: EngineClient, execId: string, options: CallOptions = {}): Promise<ExecInspect> {
  return client.json({ method: 'GET', path: `/exec/${execId}/json`, ...withSignal(options) })
}

export function resizeExec(client: EngineClient, execId: string, rows: number, columns: number): Promise<void> {
  return client.json({ method: 'POST', path: `/exec/${execId}/resize`, query: { h: rows, w: columns } })
}
