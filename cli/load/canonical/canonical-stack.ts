import { type MapEntry, type MapNode, mapNode, scalarNode, withEntry } from '../yaml/node.ts'
import { childPath, pathOf } from '../yaml/path.ts'
import type { CanonicalContext } from './handler.ts'
import { configs, models, networks, secrets, volumes } from './sections.ts'
import { service } from './service.ts'

const sections = { networks, volumes, secrets, configs, models }

/** The merged, valid tree with every short form written out, every unit a number, every path absolute. */
export function canonicalStack(tree: MapNode, name: string, context: CanonicalContext): MapNode {
  let result = withEntry(tree, 'name', scalarNode(name, tree.entries.get('name')?.value.mark))
  for (const [section, handler] of Object.entries(sections)) {
    const entry = tree.entries.get(section)
    if (entry === undefined) continue
    const node = entry.value.kind === 'map' ? entry.value : mapNode(new Map(), entry.value.mark)
    const value = handler(node, { path: { parent: undefined, key: section }, mark: entry.mark, context })
    if (value !== undefined) result = withEntry(result, section, value, entry.mark)
  }
  return withEntry(result, 'services', canonicalServices(tree, context), tree.entries.get('services')?.mark)
}

function canonicalServices(tree: MapNode, context: CanonicalContext): MapNode {
  const services = tree.entries.get('services')?.value
  const entries = new Map<string, MapEntry>()
  if (services?.kind !== 'map') return mapNode(entries, undefined)
  const path = pathOf('services')
  for (const [name, { mark, value }] of services.entries) {
    const result = service(value, { path: childPath(path, name), mark, context })
    if (result !== undefined) entries.set(name, { mark, value: result })
  }
  return mapNode(entries, services.mark)
}
