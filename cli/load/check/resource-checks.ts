import type { Problems } from '../problems.ts'
import { type MapNode, type Node, valueAt } from '../yaml/node.ts'
import { pathOf } from '../yaml/path.ts'

/** Top-level resources: an external one is only named, a secret or config has exactly one source. */
export function checkResources(stack: MapNode, problems: Problems): void {
  checkExternalVolumes(stack, problems)
  checkSources(stack, 'secrets', ['file', 'environment'], problems)
  checkSources(stack, 'configs', ['file', 'environment', 'content'], problems)
}

function checkExternalVolumes(stack: MapNode, problems: Problems): void {
  for (const [key, { value }] of entriesAt(stack, 'volumes')) {
    if (!isExternal(value) || value.kind !== 'map') continue
    for (const [attribute, { mark }] of value.entries) {
      if (attribute === 'name' || attribute === 'external' || attribute.startsWith('x-')) continue
      problems.error({
        code: 'conflict',
        message: `an external volume exists already: "external" and ${JSON.stringify(attribute)} exclude each other`,
        path: pathOf('volumes', key, attribute),
        mark,
      })
    }
  }
}

function checkSources(stack: MapNode, section: string, sources: readonly string[], problems: Problems): void {
  for (const [key, { mark, value }] of entriesAt(stack, section)) {
    if (isExternal(value) || value.kind !== 'map') continue
    const given = sources.filter(source => value.entries.has(source))
    if (given.length === 1 || value.entries.has('driver')) continue
    const path = pathOf(section, key)
    if (problems.hasErrorBelow(`${section}.${key}`)) continue
    const choices = sources.map(source => `"${source}"`).join(', ')
    problems.error({
      code: given.length === 0 ? 'missing-key' : 'conflict',
      message: given.length === 0 ? `one of ${choices} must be given` : `only one of ${choices} may be given`,
      path,
      mark: given[1] === undefined ? mark : value.entries.get(given[1])?.mark,
    })
  }
}

function entriesAt(stack: MapNode, section: string) {
  const map = valueAt(stack, section)
  return map?.kind === 'map' ? map.entries : []
}

function isExternal(node: Node): boolean {
  const external = valueAt(node, 'external')
  return external?.kind === 'scalar' && external.value === true
}
