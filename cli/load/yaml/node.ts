import type { SourcePosition } from '../../model/project.ts'
import type { SourceFile } from './source-file.ts'

/** The tree that the whole load pipeline works on: YAML with its aliases resolved, each node with the place it was written at. Immutable. */
export type Node = ScalarNode | ListNode | MapNode

/** `undefined` = made by Berth. */
export interface Mark {
  readonly source: SourceFile
  readonly offset: number
}

/** `!reset` and `!override`, still to be applied to what the node is merged over. */
export type MergeTag = 'reset' | 'override' | undefined

interface NodeBase {
  readonly mark: Mark | undefined
  readonly tag: MergeTag
}

export type ScalarValue = string | number | bigint | boolean | null

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly value: ScalarValue
}

export interface ListNode extends NodeBase {
  readonly kind: 'list'
  readonly items: readonly Node[]
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, MapEntry>
}

export interface MapEntry {
  /** Place of the key. */
  readonly mark: Mark | undefined
  readonly value: Node
}

export function scalarNode(value: ScalarValue, mark: Mark | undefined, tag?: MergeTag): ScalarNode {
  return { kind: 'scalar', value, mark, tag }
}

export function listNode(items: readonly Node[], mark: Mark | undefined, tag?: MergeTag): ListNode {
  return { kind: 'list', items, mark, tag }
}

export function mapNode(entries: ReadonlyMap<string, MapEntry>, mark: Mark | undefined, tag?: MergeTag): MapNode {
  return { kind: 'map', entries, mark, tag }
}

/** A map with one more or one changed key; the rest is shared. */
export function withEntry(map: MapNode, key: string, value: Node, mark?: Mark): MapNode {
  const entries = new Map(map.entries)
  entries.set(key, { mark: mark ?? map.entries.get(key)?.mark ?? value.mark, value })
  return mapNode(entries, map.mark, map.tag)
}

export function withoutKeys(map: MapNode, ...keys: readonly string[]): MapNode {
  if (!keys.some(key => map.entries.has(key))) return map
  const entries = new Map(map.entries)
  for (const key of keys) entries.delete(key)
  return mapNode(entries, map.mark, map.tag)
}

export function valueAt(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined
}

export function stringAt(node: Node | undefined, key: string): string | undefined {
  const value = valueAt(node, key)
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined
}

export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null
}

/** Text of a scalar as Compose prints it in a place where only strings are allowed: 1 -> "1", true -> "true", null -> "". */
export function scalarText(value: ScalarValue): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (typeof value === 'number' && !Number.isInteger(value)) return formatFloat(value)
  return typeof value === 'number' && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value)
}

/** Go's `%v` of a float64: shortest digits, an exponent below 1e-4 and from 1e6 on. */
function formatFloat(value: number): string {
  if (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6) return String(value)
  const [, digits, sign, exponent = ''] = /^(.+)e([-+])(\d+)$/.exec(value.toExponential()) ?? []
  return `${digits}e${sign}${exponent.padStart(2, '0')}`
}

export function positionOf(mark: Mark | undefined): SourcePosition | undefined {
  return mark?.source.positionAt(mark.offset)
}

export function kindName(node: Node): string {
  if (node.kind === 'list') return 'a list'
  if (node.kind === 'map') return 'a mapping'
  const { value } = node
  if (value === null) return 'nothing'
  if (typeof value === 'boolean') return `the boolean ${value}`
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`
  return `the number ${scalarText(value)}`
}

/** Plain data without places. Maps have no prototype, so that a key such as `__proto__` is only a key. */
export function toPlain(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(toPlain)
    case 'map': {
      const result: Record<string, unknown> = Object.create(null)
      for (const [key, entry] of node.entries) result[key] = toPlain(entry.value)
      return result
    }
    default:
      return node satisfies never
  }
}
