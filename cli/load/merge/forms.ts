import {
  type ListNode,
  listNode,
  type MapEntry,
  type MapNode,
  mapNode,
  type Node,
  scalarNode,
  scalarText,
} from '../yaml/node.ts'

/** Any form of `environment`-like attributes as a list of `key=value`; null is a bare key, a list value becomes several lines. */
export function pairList(node: Node): ListNode {
  switch (node.kind) {
    case 'list':
      return node
    case 'scalar':
      return listNode(node.value === null ? [] : [node], node.mark)
    case 'map': {
      const items = [...node.entries]
        .filter(([, entry]) => entry.value.tag !== 'reset')
        .flatMap(([key, entry]) => pairsOf(key, entry))
        .sort((one, other) => (String(one.value) < String(other.value) ? -1 : 1))
      return listNode(items, node.mark)
    }
    default:
      return node satisfies never
  }
}

function pairsOf(key: string, { mark, value }: MapEntry) {
  if (value.kind === 'list') {
    return value.items.map(item =>
      scalarNode(`${key}=${item.kind === 'scalar' ? scalarText(item.value) : ''}`, item.mark ?? mark),
    )
  }
  if (value.kind === 'map' || value.value === null) return [scalarNode(key, mark)]
  return [scalarNode(`${key}=${scalarText(value.value)}`, value.mark ?? mark)]
}

/** A list of names as a map; each name gets null, or for dependencies the condition that a bare name means. */
export function nameMap(node: Node, kind: 'names' | 'dependencies'): MapNode {
  if (node.kind === 'map') return node
  const entries = new Map<string, MapEntry>()
  for (const item of node.kind === 'list' ? node.items : []) {
    if (item.kind !== 'scalar' || item.tag === 'reset') continue
    const { mark } = item
    entries.set(scalarText(item.value), {
      mark,
      value: kind === 'names' ? scalarNode(null, mark) : startedDependency(mark),
    })
  }
  return mapNode(entries, node.mark, node.tag)
}

function startedDependency(mark: Node['mark']): MapNode {
  return mapNode(
    new Map([
      ['condition', { mark, value: scalarNode('service_started', mark) }],
      ['required', { mark, value: scalarNode(true, mark) }],
    ]),
    mark,
  )
}
