import { userKeys } from './user-keys.ts'
import { type PathRules, pathRules, rulesBelow } from './yaml/path-rules.ts'

type Tree = Readonly<Record<string, unknown>>

/**
 * How Compose's JSON differs from its YAML (compose-go 2.9, `json` tags of the types package):
 * - no rule: a struct, whose `x-` keys are left out
 * - capitals: the fields of a type without tags begin with a capital letter
 * - data: the user's own keys, `x-` ones too
 * - ulimit, watch: one member less, one member more
 */
type JsonRule = 'capitals' | 'data' | 'ulimit' | 'watch'

const rules: PathRules<JsonRule> = pathRules<JsonRule>({
  ...Object.fromEntries(userKeys.map(path => [`services.*.${path}`, 'data' as const])),
  ...Object.fromEntries(
    ['device_read_bps', 'device_read_iops', 'device_write_bps', 'device_write_iops', 'weight_device'].map(key => [
      `services.*.blkio_config.${key}.*`,
      'capitals' as const,
    ]),
  ),
  'services.*.build.ulimits.*': 'ulimit',
  'services.*.ulimits.*': 'ulimit',
  'services.*.develop.watch.*': 'watch',
  'networks.*.labels': 'data',
  'networks.*.driver_opts': 'data',
  'volumes.*.labels': 'data',
  'volumes.*.driver_opts': 'data',
})

/** The canonical tree as `config --format json` prints it; `command`, `entrypoint`, `ipam`, `resources` and `placement` are there also when empty. */
export function jsonTree(tree: Tree): Tree {
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(tree)) {
    // Compose's JSON has no models, which its YAML has; `x-` keys of the top level stay.
    if (key === 'models') continue
    const isSection = isMap(value) && !key.startsWith('x-')
    result[key] = isSection ? section(key, value) : value
  }
  return result
}

const section = (name: string, resources: Tree): Tree => mapped(resources, value => resourceJson(name, value))

/** One resource of a section, e.g. of `services`. */
export function resourceJson(section: string, value: unknown): unknown {
  const resource = inJson(value, rulesBelow(rulesBelow(rules, section), '*'))
  if (!isMap(resource)) return resource
  if (section === 'networks') return { ipam: {}, ...resource }
  return section === 'services' ? serviceInJson(resource) : resource
}

function serviceInJson(service: Tree): Tree {
  const { deploy } = service
  return {
    ...service,
    command: service['command'] ?? null,
    entrypoint: service['entrypoint'] ?? null,
    ...(isMap(deploy) && { deploy: { resources: {}, placement: {}, ...deploy } }),
  }
}

function inJson(value: unknown, at: PathRules<JsonRule> | undefined): unknown {
  if (at?.rule === 'data') return value
  if (Array.isArray(value)) return value.map(item => inJson(item, rulesBelow(at, '*')))
  // Compose prints a limit of 0 for both as a structure without members.
  if (at?.rule === 'ulimit' && value === 0) return {}
  if (!isMap(value)) return value
  const own = Object.entries(value).filter(([key]) => !key.startsWith('x-'))
  const fields = own.map(([key, each]) => [key, inJson(each, rulesBelow(at, key))] as const)
  const rule = at?.rule
  switch (rule) {
    case 'capitals':
      return fromEntries(fields.map(([key, each]) => [`${key.charAt(0).toUpperCase()}${key.slice(1)}`, each]))
    case 'ulimit':
      return fromEntries(fields.filter(([, each]) => each !== 0))
    case 'watch':
      return { ...fromEntries(fields), exec: value['exec'] ?? { command: null } }
    case undefined:
      return fromEntries(fields)
    default:
      return rule satisfies never
  }
}

function mapped(map: Tree, change: (value: unknown) => unknown): Tree {
  return fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): Tree {
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, value] of entries) result[key] = value
  return result
}

function isMap(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
