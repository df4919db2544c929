import type { SourcePosition } from '../../model/project.ts'
import { type Mark, type Node, positionOf } from './node.ts'

/** Where the value at a path such as `services.web.ports[0]` was written; the nearest written parent's place if Berth filled it in. Keys may hold dots. */
export function findPosition(tree: Node, path: string): SourcePosition | undefined {
  return positionOf(find(tree, path, undefined))
}

function find(node: Node, path: string, mark: Mark | undefined): Mark | undefined {
  if (path === '') return mark
  if (node.kind === 'list') {
    const index = /^\[(\d+)\]\.?/.exec(path)
    const item = index === null ? undefined : node.items[Number(index[1])]
    return item === undefined || index === null ? undefined : find(item, path.slice(index[0].length), item.mark ?? mark)
  }
  if (node.kind === 'scalar') return undefined
  for (const end of keyEnds(path)) {
    const entry = node.entries.get(path.slice(0, end))
    if (entry === undefined) continue
    const rest = path.slice(path[end] === '.' ? end + 1 : end)
    const found = find(entry.value, rest, entry.mark ?? entry.value.mark)
    if (found !== undefined) return found
  }
  return undefined
}

/** Every place where the first key of a path may end, longest first. */
function keyEnds(path: string): readonly number[] {
  const ends = [path.length]
  for (let index = path.length - 1; index > 0; index -= 1) {
    if (path[index] === '.' || path[index] === '[') ends.push(index)
  }
  return ends
}
