import { userKeys } from '../user-keys.ts'
import { type Node, scalarText } from '../yaml/node.ts'
import { type PathRules, pathRules, rulesBelow } from '../yaml/path-rules.ts'

/**
 * Compose leaves out what says nothing: '', 0, false, [] and {}. Exceptions:
 * - keep: the value means something also when it is empty (`init: false`, `replicas: 0`, `command: []`, `deploy: {}`)
 * - data: the user's own keys and values, all of which stay
 */
type EmptyRule = 'keep' | 'data'

const servicePaths: Readonly<Record<EmptyRule, readonly string[]>> = {
  keep: [
    'attach',
    'blkio_config',
    'blkio_config.*.*.path',
    'blkio_config.*.*.weight',
    'build.ulimits.*',
    'command',
    'depends_on.*.required',
    'deploy',
    'deploy.placement.max_replicas_per_node',
    'deploy.replicas',
    'deploy.resources.limits',
    'deploy.resources.reservations',
    'deploy.resources.reservations.generic_resources.*.discrete_resource_spec.kind',
    'deploy.resources.reservations.generic_resources.*.discrete_resource_spec.value',
    'deploy.restart_policy',
    'deploy.restart_policy.max_attempts',
    'deploy.rollback_config',
    'deploy.rollback_config.parallelism',
    'deploy.update_config',
    'deploy.update_config.parallelism',
    'develop',
    'develop.watch.*.exec.command',
    'entrypoint',
    'healthcheck',
    'healthcheck.retries',
    'init',
    'logging',
    'models.*',
    'networks.*',
    'post_start.*.command',
    'pre_start.*.command',
    'pre_stop.*.command',
    'scale',
    'ulimits.*',
    'volumes.*.bind',
    'volumes.*.image',
    'volumes.*.tmpfs',
    'volumes.*.volume',
  ],
  data: [...userKeys, 'ulimits.*', 'volumes.*.volume.labels', 'x-oom', 'x-priority'],
}

const rules = pathRules<EmptyRule>({
  ...Object.fromEntries(servicePaths.keep.map(path => [`services.*.${path}`, 'keep' as const])),
  ...Object.fromEntries(servicePaths.data.map(path => [`services.*.${path}`, 'data' as const])),
  services: 'keep',
  'services.*': 'keep',
  'networks.*': 'keep',
  'volumes.*': 'keep',
  'secrets.*': 'keep',
  'configs.*': 'keep',
  'models.*': 'keep',
  'networks.*.enable_ipv4': 'keep',
  'networks.*.enable_ipv6': 'keep',
  'networks.*.labels': 'data',
  'networks.*.driver_opts': 'data',
  'volumes.*.labels': 'data',
  'volumes.*.driver_opts': 'data',
  'secrets.*.labels': 'data',
  'secrets.*.driver_opts': 'data',
  'configs.*.labels': 'data',
})

/**
 * The tree as plain data in the form that `config` prints, keys sorted. Maps have no prototype. `isTemplate`: variables are not substituted, so
 * that nobody knows what is empty, and all of it stays.
 */
export function canonicalPlain(tree: Node, { isTemplate = false } = {}): Readonly<Record<string, unknown>> {
  return (plain(tree, rules, isTemplate) ?? {}) as Readonly<Record<string, unknown>>
}

/** undefined = says nothing, leave it out. */
function plain(node: Node, at: PathRules<EmptyRule> | undefined, isData: boolean): unknown {
  const keepsEmpty = isData || at?.rule !== undefined
  const isDataBelow = isData || at?.rule === 'data'
  switch (node.kind) {
    case 'scalar': {
      const value = typeof node.value === 'bigint' ? scalarText(node.value) : node.value
      const isEmpty = value === null || value === '' || value === false || value === 0
      return isEmpty && !keepsEmpty ? undefined : value
    }
    case 'list': {
      const below = rulesBelow(at, '*')
      // An item stays whatever it is: leaving it out would move the others.
      const items = node.items.map(item => plain(item, below ?? itemRules, isDataBelow))
      return items.length === 0 && !keepsEmpty ? undefined : items
    }
    case 'map': {
      const result: Record<string, unknown> = Object.create(null)
      let isEmpty = true
      for (const key of [...node.entries.keys()].sort()) {
        const entry = node.entries.get(key)
        if (entry === undefined) continue
        const value = plain(entry.value, rulesBelow(at, key), isDataBelow || key.startsWith('x-'))
        if (value === undefined) continue
        result[key] = value
        isEmpty = false
      }
      return isEmpty && !(keepsEmpty && (isData || at?.rule === 'keep')) ? undefined : result
    }
    default:
      return node satisfies never
  }
}

const itemRules: PathRules<EmptyRule> = { rule: 'keep', children: new Map() }
