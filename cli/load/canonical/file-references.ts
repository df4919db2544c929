import { mapNode, type Node, scalarNode, scalarText, stringAt, valueAt, withEntry } from '../yaml/node.ts'
import { fail, type Handler } from './handler.ts'

/** An item of `secrets`: `/run/secrets/NAME` unless it says otherwise. */
export const secretReference: Handler = (node, spot) => {
  const result = fileReference(node, spot)
  const source = stringAt(result, 'source')
  if (result?.kind !== 'map' || source === undefined || result.entries.has('target')) return result
  return withEntry(result, 'target', scalarNode(`/run/secrets/${source}`, result.mark))
}

/** An item of `configs` or of a build's `secrets`. */
export const fileReference: Handler = (node, spot) => {
  if (node.kind === 'scalar') {
    return mapNode(
      new Map([['source', { mark: node.mark, value: scalarNode(scalarText(node.value), node.mark) }]]),
      node.mark,
    )
  }
  if (node.kind === 'map' && (stringAt(node, 'source') ?? '') === '') {
    return fail(node, spot, {
      code: 'missing-key',
      message: 'the attribute "source" is missing: the name of what is mounted',
    })
  }
  const mode = valueAt(node, 'mode')
  if (node.kind !== 'map' || mode?.kind !== 'scalar' || spot.context.isTemplate) return node
  const bits = fileMode(mode)
  if (bits === undefined) {
    return fail(mode, spot, {
      code: 'wrong-format',
      message: `${scalarText(mode.value)} is not a file mode`,
      hint: 'write it in octal: 0440',
    })
  }
  return withEntry(node, 'mode', scalarNode(`0${bits.toString(8)}`, mode.mark))
}

/** 0440 in YAML is already a number; "0440" is octal text. */
function fileMode(node: Node): number | undefined {
  const value = node.kind === 'scalar' ? node.value : undefined
  if (typeof value === 'number') return value >= 0 && value <= 0o7777 && Number.isInteger(value) ? value : undefined
  return typeof value === 'string' && /^(?:0o?)?[0-7]{1,4}$/.test(value)
    ? Number.parseInt(value.replace('0o', ''), 8)
    : undefined
}
