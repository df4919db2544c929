import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { DaemonFile } from '../schemas/daemon/daemon-file.ts'
import { defaultDataRoot, defaultRunDir, socketFileName } from '../schemas/daemon/launch.ts'
import { BerthError } from '../schemas/errors.ts'
import type { TlsFiles } from './http/tls.ts'
import { defaultRegistrySettings, proxiesOfEnvironment, type RegistrySettings } from './images/registry/settings.ts'
import { type LogLevel, logLevels } from './log.ts'
import { ownRuntimeName, type RuntimeEntry, type RuntimeSettings } from './runtime/runtimes.ts'

export interface DaemonOptions {
  readonly dataRoot: string
  readonly runDir: string
  /** Name that cgroups and packet rules are made under; several daemons side by side have different ones. */
  readonly instance: string
  /** `unix:///path`, `fd://` or `tcp://host:port`. */
  readonly hosts: readonly string[]
  readonly group: string
  /** Certificates for TCP; undefined: no TCP. */
  readonly tls: TlsFiles | undefined
  readonly pidFile: string | undefined
  /** `default`, or `user[:group]`; undefined: containers are in the host's user namespace unless they ask for one. */
  readonly usernsRemap: string | undefined
  readonly runtimes: RuntimeSettings
  readonly logLevel: LogLevel
  readonly registries: RegistrySettings
  readonly readyFd: number | undefined
}

export const usage = `usage: berthd [--data-root DIR] [--run-dir DIR] [--instance NAME] [--host unix:///PATH|fd://|tcp://HOST:PORT]... [--group NAME]
              [--pidfile FILE] [--config-file FILE] [--log-level error|warn|info|debug] [--ready-fd N]
              [--userns-remap default|USER[:GROUP]] [--add-runtime NAME=PATH]... [--default-runtime NAME]
              [--exec-opt native.cgroupdriver=cgroupfs]
              [--tlsverify] [--tlscacert FILE] [--tlscert FILE] [--tlskey FILE] [--version] [--help]
`

/** argv over the configuration file over the environment over the defaults. Throws USAGE. */
export function parseOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DaemonOptions | 'help' | 'version' {
  const flags = parseFlags(argv)
  if (flags.help === true) return 'help'
  if (flags.version === true) return 'version'
  const file = readFile(flags['config-file'])
  const runDir = absolute('--run-dir', flags['run-dir'] ?? file['exec-root'] ?? env['BERTH_RUN_DIR'] ?? defaultRunDir)
  const instance = flags.instance ?? 'berth'
  if (!/^[a-z][a-z0-9_-]{0,30}$/.test(instance))
    throw new BerthError('USAGE', `--instance: expected a short name in lower case, found "${instance}"`)
  for (const option of [...(file['exec-opts'] ?? []), ...(flags['exec-opt'] ?? [])]) checkExecOption(option)
  const logLevel = logLevels.find(level => level === (flags['log-level'] ?? file['log-level'] ?? 'info'))
  if (logLevel === undefined) throw new BerthError('USAGE', `--log-level: expected one of ${logLevels.join(', ')}`)
  return {
    runDir,
    dataRoot: absolute(
      '--data-root',
      flags['data-root'] ?? file['data-root'] ?? env['BERTH_DATA_ROOT'] ?? defaultDataRoot,
    ),
    instance,
    hosts: flags.host ?? file.hosts ?? [`unix://${runDir}/${socketFileName}`],
    group: flags.group ?? file.group ?? 'berth',
    tls: tlsOf(flags, file),
    pidFile: flags.pidfile ?? file.pidfile,
    usernsRemap: flags['userns-remap'] ?? file['userns-remap'],
    runtimes: runtimesOf(flags, file),
    logLevel,
    registries: registriesOf(file, env),
    readyFd: flags['ready-fd'] === undefined ? undefined : parseFd(flags['ready-fd']),
  }
}

/** The one option that dockerd has on Linux (moby daemon/daemon_unix.go, getCD). */
function checkExecOption(option: string): void {
  const [name, driver] = option.split(/=(.*)/s, 2)
  if (name !== 'native.cgroupdriver' || driver === undefined)
    throw new BerthError('USAGE', `exec-opts: unknown option "${option}"`, {
      hint: 'expected native.cgroupdriver=cgroupfs',
    })
  if (driver === 'systemd')
    throw new BerthError('USAGE', 'exec-opts: the systemd cgroup driver is not there yet', {
      hint: 'leave it out, or say native.cgroupdriver=cgroupfs: systemd leaves groups alone that it has not made',
    })
  if (driver !== 'cgroupfs') throw new BerthError('USAGE', `exec-opts: invalid native.cgroupdriver "${driver}"`)
}

/** Flags add to the file's. Texts as dockerd's (moby opts/runtime.go). */
function runtimesOf(flags: ReturnType<typeof parseFlags>, file: DaemonFile): RuntimeSettings {
  const others = new Map<string, RuntimeEntry>(Object.entries(file.runtimes ?? {}))
  for (const argument of flags['add-runtime'] ?? []) {
    const [, name, path] = /^\s*([a-zA-Z0-9][a-zA-Z0-9._-]*)\s*=\s*(.+?)\s*$/.exec(argument) ?? []
    if (name === undefined || path === undefined)
      throw new BerthError('USAGE', `--add-runtime: invalid runtime argument: ${argument}`, {
        hint: 'expected NAME=PATH',
      })
    if (others.has(name)) throw new BerthError('USAGE', `--add-runtime: runtime '${name}' was already defined`)
    others.set(name, { path })
  }
  if (others.has(ownRuntimeName)) throw new BerthError('USAGE', `runtime name '${ownRuntimeName}' is reserved`)
  return {
    others: Object.fromEntries(others),
    defaultName: flags['default-runtime'] ?? file['default-runtime'] ?? ownRuntimeName,
  }
}

/** Where the certificates lie unless told. */
const certificateFolder = '/etc/berth'

/** `--tls` alone, encryption for whoever comes, is refused: it keeps nobody out. */
function tlsOf(flags: ReturnType<typeof parseFlags>, file: DaemonFile): TlsFiles | undefined {
  if (flags.tlsverify ?? file.tlsverify ?? false) {
    const place = (flag: string | undefined, key: string | undefined, name: string): string =>
      flag ?? key ?? `${certificateFolder}/${name}.pem`
    return {
      ca: place(flags.tlscacert, file.tlscacert, 'ca'),
      cert: place(flags.tlscert, file.tlscert, 'cert'),
      key: place(flags.tlskey, file.tlskey, 'key'),
    }
  }
  if (flags.tls ?? file.tls ?? false) {
    throw new BerthError('USAGE', '--tls without --tlsverify lets every client in', { hint: 'give --tlsverify' })
  }
  return undefined
}

function registriesOf(file: DaemonFile, env: Readonly<Record<string, string | undefined>>): RegistrySettings {
  const { http, https, no } = proxiesOfEnvironment(env)
  return {
    ...defaultRegistrySettings,
    mirrors: file['registry-mirrors'] ?? defaultRegistrySettings.mirrors,
    insecure: file['insecure-registries'] ?? defaultRegistrySettings.insecure,
    proxies: {
      http: file.proxies?.['http-proxy'] ?? http,
      https: file.proxies?.['https-proxy'] ?? https,
      no: file.proxies?.['no-proxy'] ?? no,
    },
    maxDownloads: file['max-concurrent-downloads'] ?? defaultRegistrySettings.maxDownloads,
    maxUploads: file['max-concurrent-uploads'] ?? defaultRegistrySettings.maxUploads,
    maxAttempts: file['max-download-attempts'] ?? defaultRegistrySettings.maxAttempts,
  }
}

function parseFlags(argv: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...argv],
      options: {
        'data-root': text,
        'run-dir': text,
        instance: text,
        host: { type: 'string', multiple: true, short: 'H' },
        group: { type: 'string', short: 'G' },
        pidfile: { type: 'string', short: 'p' },
        'config-file': text,
        'log-level': { type: 'string', short: 'l' },
        'userns-remap': text,
        'add-runtime': { type: 'string', multiple: true },
        'default-runtime': text,
        'exec-opt': { type: 'string', multiple: true },
        tls: { type: 'boolean' },
        tlsverify: { type: 'boolean' },
        tlscacert: text,
        tlscert: text,
        tlskey: text,
        'ready-fd': text,
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    }).values
  } catch (cause) {
    throw new BerthError('USAGE', cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Absent is fine for the default place only. */
function readFile(path: string | undefined): z.infer<typeof DaemonFile> {
  const place = path ?? '/etc/berth/daemon.json'
  let text: string
  try {
    text = readFileSync(place, 'utf8')
  } catch (cause) {
    if (path === undefined) return {}
    throw new BerthError('USAGE', `--config-file: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BerthError('USAGE', `${place}: invalid JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
  const parsed = z.safeParse(DaemonFile, value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new BerthError('USAGE', `${place}: ${issue?.path.join('.') || 'file'}: ${issue?.message ?? 'invalid'}`)
}

function absolute(name: string, path: string): string {
  if (!path.startsWith('/')) throw new BerthError('USAGE', `${name}: expected an absolute path, found "${path}"`)
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

function parseFd(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new BerthError('USAGE', `--ready-fd: expected a number, found "${text}"`)
  return Number(text)
}
