import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { LogConfig } from '../../schemas/runtime/monitor.ts'
import type { ContainerRecord } from './record.ts'

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

const drivers = ['json-file', 'local', 'none']
const knownOptions = [
  'max-size',
  'max-file',
  'compress',
  'labels',
  'labels-regex',
  'env',
  'env-regex',
  'tag',
  'mode',
].concat(['max-buffer-size'])

/** Throws INVALID_ARGUMENT with dockerd's texts for drivers that are not there and options that they do not have. */
export function checkLogConfig({ LogConfig }: HostConfig): void {
  const driver = LogConfig?.Type || 'json-file'
  if (!drivers.includes(driver)) {
    throw new BerthError('INVALID_ARGUMENT', `error looking up logging plugin ${driver}: plugin "${driver}" not found`)
  }
  if (driver === 'none') return
  for (const name of Object.keys(LogConfig?.Config ?? {})) {
    if (knownOptions.includes(name)) continue
    const where = driver === 'local' ? 'log driver local' : `${driver} log driver`
    throw new BerthError('INVALID_ARGUMENT', `unknown log opt '${name}' for ${where}`)
  }
  const { mode = '' } = LogConfig?.Config ?? {}
  if (!['', 'blocking', 'non-blocking'].includes(mode))
    throw new BerthError('INVALID_ARGUMENT', `logger: logging mode not supported: ${mode}`)
  if (mode !== 'non-blocking' && LogConfig?.Config?.['max-buffer-size'] !== undefined) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    )
  }
}

/** Labels and variables that the log's reader gets with `details`: those that the options `labels`, `env` and their `-regex` name. */
export function logAttributes({
  config,
  hostConfig,
}: Pick<ContainerRecord, 'config' | 'hostConfig'>): Readonly<Record<string, string>> {
  const options = hostConfig.LogConfig?.Config ?? {}
  const labels = Object.entries(config.Labels ?? {})
  const variables = (config.Env ?? []).map(entry => {
    const at = entry.indexOf('=')
    return at === -1 ? ([entry, ''] as const) : ([entry.slice(0, at), entry.slice(at + 1)] as const)
  })
  return {
    ...Object.fromEntries(labels.filter(([name]) => isNamed(name, options['labels'], options['labels-regex']))),
    ...Object.fromEntries(variables.filter(([name]) => isNamed(name, options['env'], options['env-regex']))),
  }
}

function isNamed(name: string, list: string | undefined, pattern: string | undefined): boolean {
  if (list?.split(',').includes(name) === true) return true
  if (!pattern) return false
  try {
    return new RegExp(pattern).test(name)
  } catch {
    return false
  }
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
