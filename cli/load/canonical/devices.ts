import {
  listNode,
  type MapNode,
  mapNode,
  type Node,
  scalarNode,
  scalarText,
  stringAt,
  valueAt,
  withEntry,
  withoutKeys,
} from '../yaml/node.ts'
import { childPath } from '../yaml/path.ts'
import { fail, type Handler, listOf, type Spot } from './handler.ts'
import { textMap } from './scalars.ts'

/** An item of `devices`: `/dev/a[:/dev/b[:rwm]]`, or a CDI name, which has no colon. */
export const device: Handler = (node, spot) => {
  if (node.kind === 'map' && stringAt(node, 'target') === undefined) {
    return fail(node, spot, {
      code: 'missing-key',
      message: 'a device needs a target: the path in the container',
      hint: `add target: ${stringAt(node, 'source') ?? '/dev/NAME'}`,
    })
  }
  if (node.kind !== 'scalar') return node
  const text = scalarText(node.value)
  const [source = '', target = source, permissions = 'rwm', ...more] = text.split(':')
  if (more.length > 0 || source === '') {
    return fail(node, spot, {
      code: 'wrong-format',
      message: `the device ${JSON.stringify(text)} is not of the form HOST[:CONTAINER[:PERMISSIONS]]`,
      hint: 'use the long form: {source, target, permissions}',
    })
  }
  return strings(node, { source, target, permissions })
}

/** `gpus`: `all`, or a list of requests. */
export const gpus: Handler = (node, spot) => {
  if (node.kind === 'scalar') {
    const request = mapNode(new Map([['count', { mark: node.mark, value: scalarNode(-1, node.mark) }]]), node.mark)
    return listNode([request], node.mark)
  }
  return deviceRequests(node, spot)
}

/** Requests for devices by capability; no count and no ids means all of them (-1). */
export const deviceRequests: Handler = listOf((node, spot) => {
  if (node.kind !== 'map') return node
  const count = valueAt(node, 'count')
  const hasIds = valueAt(node, 'device_ids') !== undefined
  if (count !== undefined && hasIds) {
    return fail(node, spot, { code: 'conflict', message: '"count" and "device_ids" exclude each other' })
  }
  const request = requestOptions(node, spot)
  if (count === undefined) return hasIds ? request : withEntry(request, 'count', scalarNode(-1, node.mark))
  const value = requestCount(count, spot)
  return value === undefined ? undefined : withEntry(request, 'count', value)
})

function requestOptions(node: MapNode, { path, context, mark }: Spot): MapNode {
  const options = valueAt(node, 'options')
  if (options === undefined) return node
  const map = textMap(options, { path: childPath(path, 'options'), mark, context })
  return map === undefined ? withoutKeys(node, 'options') : withEntry(node, 'options', map)
}

function requestCount(node: Node, spot: Spot): Node | undefined {
  const text = node.kind === 'scalar' ? scalarText(node.value) : ''
  if (text === 'all') return scalarNode(-1, node.mark)
  if (/^-?[0-9]+$/.test(text)) return scalarNode(Number(text), node.mark)
  return fail(node, spot, {
    code: 'wrong-value',
    message: `expected "all" or a whole number, found ${JSON.stringify(text)}`,
  })
}

function strings(node: Node, values: Readonly<Record<string, string>>): Node {
  const { mark } = node
  return mapNode(
    new Map(Object.entries(values).map(([key, value]) => [key, { mark, value: scalarNode(value, mark) }])),
    mark,
  )
}
