import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { LogConfig } from '../../schemas/runtime/monitor.ts'

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
}

/** HostConfig.LogConfig as the monitor takes it: `json-file` (and `local`, kept in the same format) with `max-size` and `max-file`. */
export function logConfigOf(hostConfig: HostConfig, path: string): LogConfig {
  const { Type, Config } = hostConfig.LogConfig ?? {}
  if (Type === 'none') return { kind: 'none' }
  return {
    kind: 'json-file',
    path,
    maxBytes: parseSize(Config?.['max-size']),
    maxFiles: parseCount(Config?.['max-file']),
  }
}

function parseSize(text: string | undefined): number {
  if (text === undefined || text === '-1') return 0
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.toLowerCase())
  const unit = units[match?.[2] ?? 'x']
  if (match?.[1] === undefined || unit === undefined)
    throw new BerthError('INVALID_ARGUMENT', `invalid max-size: "${text}"`)
  return Math.floor(Number(match[1]) * unit)
}

function parseCount(text: string | undefined): number {
  if (text === undefined) return 1
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new BerthError('INVALID_ARGUMENT', `max-file must be a positive number, found "${text}"`)
  return Number(text)
}
