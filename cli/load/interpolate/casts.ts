import { pathRules } from '../yaml/path-rules.ts'

/** What a text at a path must become after substitution, so that `replicas: ${N}` is a number. The paths are compose-go's loader/interpolate.go. */
export type Cast = 'boolean' | 'integer' | 'float'

const service = (path: string, cast: Cast): readonly [string, Cast] => [`services.*.${path}`, cast]

const integerPaths = [
  'cpu_count',
  'cpu_period',
  'cpu_quota',
  'cpu_shares',
  'deploy.replicas',
  'deploy.update_config.parallelism',
  'deploy.rollback_config.parallelism',
  'deploy.restart_policy.max_attempts',
  'deploy.placement.max_replicas_per_node',
  'healthcheck.retries',
  'oom_score_adj',
  'pids_limit',
  'ports.*.target',
  'scale',
  'ulimits.*',
  'ulimits.*.hard',
  'ulimits.*.soft',
  'build.ulimits.*',
  'build.ulimits.*.hard',
  'build.ulimits.*.soft',
  'networks.*.priority',
  'networks.*.gw_priority',
]

const floatPaths = [
  'cpu_percent',
  'cpus',
  'deploy.resources.limits.cpus',
  'deploy.resources.reservations.cpus',
  'deploy.update_config.max_failure_ratio',
  'deploy.rollback_config.max_failure_ratio',
]

const booleanPaths = [
  'attach',
  'build.no_cache',
  'build.privileged',
  'build.pull',
  'depends_on.*.required',
  'depends_on.*.restart',
  'env_file.*.required',
  'healthcheck.disable',
  'init',
  'oom_kill_disable',
  'privileged',
  'read_only',
  'stdin_open',
  'tty',
  'use_api_socket',
  'volumes.*.read_only',
  'x-hardened',
  'volumes.*.bind.create_host_path',
  'volumes.*.volume.nocopy',
  'post_start.*.privileged',
  'pre_stop.*.privileged',
  'develop.watch.*.initial_sync',
]

export const castRules = pathRules<Cast>(
  Object.fromEntries([
    ...integerPaths.map(path => service(path, 'integer')),
    ...floatPaths.map(path => service(path, 'float')),
    ...booleanPaths.map(path => service(path, 'boolean')),
    ...['attachable', 'enable_ipv4', 'enable_ipv6', 'external', 'internal'].map(
      key => [`networks.*.${key}`, 'boolean' as Cast] as const,
    ),
    ...['volumes', 'secrets', 'configs'].map(section => [`${section}.*.external`, 'boolean' as Cast] as const),
  ]),
)

export type CastResult =
  | { readonly ok: true; readonly value: boolean | number; readonly isDeprecated: boolean }
  | { readonly ok: false; readonly expected: string }

export function castText(text: string, cast: Cast): CastResult {
  switch (cast) {
    case 'boolean':
      return castBoolean(text)
    case 'integer':
      return /^[-+]?[0-9]+$/.test(text) && Number.isSafeInteger(Number(text))
        ? { ok: true, value: Number(text), isDeprecated: false }
        : { ok: false, expected: 'a whole number' }
    case 'float': {
      const value = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : Number.NaN
      return Number.isFinite(value) ? { ok: true, value, isDeprecated: false } : { ok: false, expected: 'a number' }
    }
    default:
      return cast satisfies never
  }
}

function castBoolean(text: string): CastResult {
  switch (text.toLowerCase()) {
    case 'true':
      return { ok: true, value: true, isDeprecated: false }
    case 'false':
      return { ok: true, value: false, isDeprecated: false }
    case 'y':
    case 'yes':
    case 'on':
      return { ok: true, value: true, isDeprecated: true }
    case 'n':
    case 'no':
    case 'off':
      return { ok: true, value: false, isDeprecated: true }
    default:
      return { ok: false, expected: 'true or false' }
  }
}
