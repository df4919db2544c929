import {
  type MapEntry,
  type MapNode,
  mapNode,
  type Node,
  scalarNode,
  stringAt,
  valueAt,
  withEntry,
} from '../yaml/node.ts'

export const resourceSections = ['networks', 'volumes', 'secrets', 'configs', 'models'] as const
export type ResourceSection = (typeof resourceSections)[number]

/** Each resource gets its name in the engine: `project_key`, or for an external one the key itself. The default network exists if it is used. */
export function nameResources(stack: MapNode, project: string): MapNode {
  let result = stack
  for (const section of resourceSections) {
    const resources = valueAt(result, section)
    if (resources?.kind !== 'map' || section === 'models') continue
    const entries = new Map<string, MapEntry>()
    for (const [key, { mark, value }] of resources.entries) {
      const external = valueAt(value, 'external')
      const isExternal = external?.kind === 'scalar' && external.value === true
      const isNamed = (stringAt(value, 'name') ?? '') !== ''
      const name = scalarNode(isExternal ? key : `${project}_${key}`, undefined)
      entries.set(key, { mark, value: isNamed || value.kind !== 'map' ? value : withEntry(value, 'name', name) })
    }
    result = withEntry(result, section, mapNode(entries, resources.mark))
  }
  return result
}

export function withDefaultNetwork(stack: MapNode): MapNode {
  const networks = valueAt(stack, 'networks')
  const services = valueAt(stack, 'services')
  if (networks?.kind === 'map' && networks.entries.has('default')) return stack
  if (services?.kind !== 'map' || !usedResources(services).networks.has('default')) return stack
  const entries = new Map<string, MapEntry>(networks?.kind === 'map' ? networks.entries : [])
  entries.set('default', { mark: undefined, value: mapNode(new Map(), undefined) })
  return withEntry(stack, 'networks', mapNode(entries, networks?.mark))
}

/** Without the resources that no service uses. */
export function withoutUnused(stack: MapNode, services: MapNode): MapNode {
  const used = usedResources(services)
  let result = stack
  for (const section of resourceSections) {
    const resources = valueAt(result, section)
    if (resources?.kind !== 'map') continue
    const entries = new Map([...resources.entries].filter(([key]) => used[section].has(key)))
    result = withEntry(result, section, mapNode(entries, resources.mark))
  }
  return result
}

/** A mention of a resource in a service. */
export interface Mention {
  readonly key: string
  readonly node: Node
  /** Of a mount. */
  readonly type?: string | undefined
}

export function usedResources(services: MapNode): Readonly<Record<ResourceSection, ReadonlySet<string>>> {
  const used = {
    networks: new Set<string>(),
    volumes: new Set<string>(),
    secrets: new Set<string>(),
    configs: new Set<string>(),
    models: new Set<string>(),
  }
  for (const { value: service } of services.entries.values()) {
    for (const section of resourceSections) {
      // Compose checks that the volume of a `cluster` mount is there, and does not count it as used.
      for (const { key, type } of mentions(service, section)) if (type !== 'cluster') used[section].add(key)
    }
    for (const { key } of sourcesAt(valueAt(service, 'build'), 'secrets')) used.secrets.add(key)
  }
  return used
}

/** The resources of a section that a service names. */
export function mentions(service: Node, section: ResourceSection): readonly Mention[] {
  switch (section) {
    case 'networks':
    case 'models': {
      const map = valueAt(service, section)
      if (map?.kind !== 'map') return []
      return [...map.entries].map(([key, { mark, value }]) => ({ key, node: { ...value, mark } }))
    }
    case 'volumes':
      return sourcesAt(service, section).filter(({ type }) => type === 'volume' || type === 'cluster')
    case 'secrets':
    case 'configs':
      return sourcesAt(service, section)
    default:
      return section satisfies never
  }
}

export function sourcesAt(node: Node | undefined, key: string): readonly Mention[] {
  const list = valueAt(node, key)
  if (list?.kind !== 'list') return []
  return list.items.flatMap(item => {
    const source = stringAt(item, 'source')
    return source === undefined
      ? []
      : [{ key: source, node: valueAt(item, 'source') ?? item, type: stringAt(item, 'type') }]
  })
}
