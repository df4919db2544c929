import { parseBytes } from '../../../schemas/stack/bytes.ts'
import { formatDuration, parseDuration } from '../../../schemas/stack/duration.ts'
import { castText } from '../interpolate/casts.ts'
import { isNull, listNode, type MapEntry, mapNode, type Node, scalarNode, scalarText } from '../yaml/node.ts'
import { fail, type Handler, type Spot } from './handler.ts'

/** A size becomes its number of bytes, as text like in Compose; the number 0 says nothing and is left out later. */
export const bytes: Handler = (node, spot) => {
  if (node.kind !== 'scalar' || spot.context.isTemplate) return node
  const result = parseBytes(scalarText(node.value))
  if (result.ok) return scalarNode(result.bytes === 0 ? 0 : String(result.bytes), node.mark)
  return fail(node, spot, { code: 'wrong-unit', message: result.message, hint: result.hint })
}

/** Like `bytes`, and -1 for "no limit". */
export const bytesOrUnlimited: Handler = (node, spot) =>
  node.kind === 'scalar' && scalarText(node.value) === '-1' ? scalarNode('-1', node.mark) : bytes(node, spot)

/** A duration as Go prints it. */
export const duration: Handler = (node, spot) => {
  if (node.kind !== 'scalar' || spot.context.isTemplate) return node
  const result = parseDuration(scalarText(node.value))
  if (result.ok) return scalarNode(formatDuration(result.ns), node.mark)
  return fail(node, spot, { code: 'wrong-unit', message: result.message, hint: result.hint })
}

/** A number that is written as one loses its fraction, as Go's conversion has it; a text must be a whole one. */
export const integer: Handler = (node, spot) => {
  const result = number(node, spot, 'integer')
  if (result?.kind !== 'scalar' || typeof result.value !== 'number') return result
  return scalarNode(Math.trunc(result.value), result.mark)
}
export const float: Handler = (node, spot) => number(node, spot, 'float')

/** A whole number of microseconds, or the duration that the specification allows. */
export const microseconds: Handler = (node, spot) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || /^[-+]?[0-9]+$/.test(node.value)) {
    return integer(node, spot)
  }
  const isDuration = duration(node, spot) !== undefined
  return isDuration ? node : undefined
}

/** A whole number from 0 on. */
export const count: Handler = (node, spot) => {
  const result = integer(node, spot)
  if (result?.kind !== 'scalar' || typeof result.value !== 'number' || result.value >= 0) return result
  return fail(node, spot, { code: 'out-of-range', message: `expected 0 or more, found ${result.value}` })
}

export const boolean: Handler = (node, spot) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || spot.context.isTemplate) return node
  const result = castText(node.value, 'boolean')
  if (result.ok) return scalarNode(result.value, node.mark)
  return fail(node, spot, {
    code: 'wrong-type',
    message: `expected true or false, found ${JSON.stringify(node.value)}`,
  })
}

export const text: Handler = (node, { context }) =>
  node.kind === 'scalar' && !context.isTemplate ? scalarNode(scalarText(node.value), node.mark) : node

/** One text is a list of one. */
export const textList: Handler = (node, { context }) => {
  if (context.isTemplate) return node
  if (node.kind === 'scalar')
    return node.value === null ? undefined : listNode([scalarNode(scalarText(node.value), node.mark)], node.mark)
  if (node.kind === 'map') return node
  return listNode(
    node.items.map(item => (item.kind === 'scalar' ? scalarNode(scalarText(item.value), item.mark) : item)),
    node.mark,
  )
}

/** The same, where a number is one of a port or of a group: a fraction is a mistake. */
export const textListOfWholeNumbers: Handler = (node, spot) => {
  for (const item of node.kind === 'list' ? node.items : []) {
    if (item.kind !== 'scalar' || typeof item.value !== 'number' || Number.isInteger(item.value)) continue
    return fail(item, spot, { code: 'wrong-type', message: `expected a whole number, found ${scalarText(item.value)}` })
  }
  return textList(node, spot)
}

/** `A: b` or `- A=b` to a map of texts; nothing is ''. */
export const textMap: Handler = (node, spot) => pairs(node, spot, mark => scalarNode('', mark))

/** The same for variables: nothing stays null, and is taken from the environment later. */
export const variableMap: Handler = (node, spot) => pairs(node, spot, mark => scalarNode(null, mark))

function pairs(node: Node, spot: Spot, empty: (mark: Node['mark']) => Node): Node | undefined {
  if (spot.context.isTemplate) return node
  if (node.kind === 'scalar') return isNull(node) ? undefined : node
  const entries = new Map<string, MapEntry>()
  if (node.kind === 'map') {
    for (const [key, { mark, value }] of node.entries) {
      if (value.kind !== 'scalar') entries.set(key, { mark, value })
      else
        entries.set(key, {
          mark,
          value: value.value === null ? empty(value.mark) : scalarNode(scalarText(value.value), value.mark),
        })
    }
  } else {
    for (const item of node.items) {
      if (item.kind !== 'scalar') continue
      const line = scalarText(item.value)
      const equals = line.indexOf('=')
      const key = equals === -1 ? line : line.slice(0, equals)
      const { mark } = item
      entries.set(key, { mark, value: equals === -1 ? empty(mark) : scalarNode(line.slice(equals + 1), mark) })
    }
  }
  for (const [key, { mark }] of entries) {
    if (key === key.trimEnd()) continue
    return fail(
      node,
      { ...spot, mark },
      {
        code: 'bad-name',
        message: `the name ${JSON.stringify(key)} ends with a blank`,
        hint: 'write NAME=value without blanks around the =',
      },
    )
  }
  return mapNode(entries, node.mark)
}

function number(node: Node, spot: Spot, cast: 'integer' | 'float'): Node | undefined {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || spot.context.isTemplate) return node
  const result = castText(node.value, cast)
  if (result.ok) return scalarNode(result.value, node.mark)
  return fail(node, spot, {
    code: 'wrong-type',
    message: `expected ${result.expected}, found ${JSON.stringify(node.value)}`,
  })
}
