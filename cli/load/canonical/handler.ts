import type { Problem, Problems } from '../problems.ts'
import { listNode, type MapEntry, type MapNode, type Mark, mapNode, type Node } from '../yaml/node.ts'
import { childPath, type Path } from '../yaml/path.ts'

/** What the stages after validation need to know of the project. */
export interface CanonicalContext {
  readonly problems: Problems
  /** Variables for nodes that no file wrote. */
  readonly env: ReadonlyMap<string, string>
  readonly projectDir: string
  readonly resolvePaths: boolean
  /** `config --no-interpolate`: values may still hold `${X}`, so nothing that needs the value is done and nothing is reported. */
  readonly isTemplate: boolean
}

export interface Spot {
  readonly path: Path
  /** Place of the key. */
  readonly mark: Mark | undefined
  readonly context: CanonicalContext
}

/** Brings one attribute into its canonical form; undefined leaves it out (which includes: it was wrong, and is reported). */
export type Handler = (node: Node, spot: Spot) => Node | undefined

export type Handlers = Readonly<Record<string, Handler>>

/** Handles each known key of a map by its handler; other keys stay. */
export function object(handlers: Handlers): Handler {
  return (node, spot) => (node.kind === 'map' ? mapEntries(node, handlers, spot) : node)
}

export function mapEntries(node: MapNode, handlers: Handlers, { path, context }: Omit<Spot, 'mark'>): MapNode {
  const entries = new Map<string, MapEntry>()
  for (const [key, { mark, value }] of node.entries) {
    const handler = Object.hasOwn(handlers, key) ? handlers[key] : undefined
    const result = handler === undefined ? value : handler(value, { path: childPath(path, key), mark, context })
    if (result !== undefined) entries.set(key, { mark, value: result })
  }
  return mapNode(entries, node.mark)
}

/** Every value of a map by one handler. */
export function mapOf(handler: Handler): Handler {
  return (node, { path, context }) => {
    if (node.kind !== 'map') return node
    const entries = new Map<string, MapEntry>()
    for (const [key, { mark, value }] of node.entries) {
      const result = handler(value, { path: childPath(path, key), mark, context })
      if (result !== undefined) entries.set(key, { mark, value: result })
    }
    return mapNode(entries, node.mark)
  }
}

/** Every item of a list by one handler; what it leaves out is gone. */
export function listOf(handler: Handler): Handler {
  return (node, { path, context }) => {
    if (node.kind !== 'list') return node
    const items = node.items.flatMap((item, index) => {
      const result = handler(item, { path: childPath(path, index), mark: item.mark, context })
      return result === undefined ? [] : [result]
    })
    return listNode(items, node.mark)
  }
}

/** Reports a mistake at a spot and leaves the attribute out; a template is kept as it is. */
export function fail(
  node: Node,
  { path, mark, context }: Spot,
  problem: Omit<Problem, 'path' | 'mark'>,
): Node | undefined {
  if (context.isTemplate) return node
  context.problems.error({ ...problem, path, mark: node.mark ?? mark })
  return undefined
}
