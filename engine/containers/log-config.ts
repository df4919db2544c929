import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { LogConfig } from '../../schemas/runtime/monitor.ts'
import { checkTag, type LoggedRecord, tagOf } from './log-tag.ts'

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

/** Of `local`, as dockerd's. */
const localDefaults = { maxSize: '20m', maxFile: 5 }

const optionsOfAll = ['mode', 'max-buffer-size']
const optionsOf: Readonly<Record<string, readonly string[] | undefined>> = {
  'json-file': ['max-size', 'max-file', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag'],
  local: ['max-size', 'max-file', 'compress'],
  none: [],
}

/** Throws INVALID_ARGUMENT with dockerd's texts for drivers that are not there, options that they do not have, and values that mean nothing. */
export function checkLogConfig({ LogConfig }: HostConfig): void {
  const driver = LogConfig?.Type || 'json-file'
  const known = optionsOf[driver]
  if (known === undefined) throw invalid(`error looking up logging plugin ${driver}: plugin "${driver}" not found`)
  if (driver === 'none') return
  const options = LogConfig?.Config ?? {}
  for (const name of Object.keys(options)) {
    if (known.includes(name) || optionsOfAll.includes(name)) continue
    const where = driver === 'local' ? 'log driver local' : `${driver} log driver`
    throw invalid(`unknown log opt '${name}' for ${where}`)
  }
  checkMode(options)
  checkCompression(driver, options)
  for (const name of ['labels-regex', 'env-regex']) checkPattern(options[name])
  const tagProblem = checkTag(options['tag'] ?? '')
  if (tagProblem !== undefined) throw uninitialised(tagProblem)
}

type Options = Readonly<Record<string, string>>

const invalid = (message: string): BerthError => new BerthError('INVALID_ARGUMENT', message)
const uninitialised = (why: string): BerthError => invalid(`failed to initialize logging driver: ${why}`)

function checkMode(options: Options): void {
  const { mode = '' } = options
  if (!['', 'blocking', 'non-blocking'].includes(mode)) throw invalid(`logger: logging mode not supported: ${mode}`)
  if (mode !== 'non-blocking' && options['max-buffer-size'] !== undefined)
    throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
}

/** Older files are kept as they are: a reader would have to unpack them. The option is checked, so that it means the same elsewhere. */
function checkCompression(driver: string, { compress, ...options }: Options): void {
  if (compress === undefined) return
  if (!/^(?:[01tTfF]|true|TRUE|True|false|FALSE|False)$/.test(compress))
    throw uninitialised(`strconv.ParseBool: parsing ${JSON.stringify(compress)}: invalid syntax`)
  const isLocal = driver === 'local'
  const isOne = parseCount(options['max-file'], isLocal ? localDefaults.maxFile : 1) < 2
  if (/^[1tT]/.test(compress) && (isOne || (!isLocal && options['max-size'] === undefined)))
    throw uninitialised('compress cannot be true when max-file is less than 2 or max-size is not set')
}

function checkPattern(pattern: string | undefined): void {
  try {
    new RegExp(pattern ?? '')
  } catch (cause) {
    throw uninitialised(`error parsing regexp: ${cause instanceof Error ? cause.message : cause}`)
  }
}

/** What the log's reader gets with `details`: the labels and variables that the options `labels`, `env` and their `-regex` name, and the tag. */
export function logAttributes(record: LoggedRecord): Readonly<Record<string, string>> {
  const { config, hostConfig } = record
  const options = hostConfig.LogConfig?.Config ?? {}
  const labels = Object.entries(config.Labels ?? {})
  const variables = (config.Env ?? []).map(entry => {
    const at = entry.indexOf('=')
    return at === -1 ? ([entry, ''] as const) : ([entry.slice(0, at), entry.slice(at + 1)] as const)
  })
  return {
    ...Object.fromEntries(labels.filter(([name]) => isNamed(name, options['labels'], options['labels-regex']))),
    ...Object.fromEntries(variables.filter(([name]) => isNamed(name, options['env'], options['env-regex']))),
    ...(options['tag'] ? { tag: tagOf(options['tag'], record) } : {}),
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
  const isLocal = Type === 'local'
  return {
    kind: 'json-file',
    path,
    maxBytes: parseSize(Config?.['max-size'] ?? (isLocal ? localDefaults.maxSize : undefined)),
    maxFiles: parseCount(Config?.['max-file'], isLocal ? localDefaults.maxFile : 1),
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

function parseCount(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new BerthError('INVALID_ARGUMENT', `max-file must be a positive number, found "${text}"`)
  return Number(text)
}
