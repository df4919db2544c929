import { mapNode, scalarNode } from '../yaml/node.ts'
import { type Handler, mapEntries, object } from './handler.ts'
import { bytes, count, duration, float } from './scalars.ts'

/** `x-oom`: a word alone is the action. */
export const oom: Handler = (node, spot) => {
  const { mark } = node
  const long =
    node.kind === 'scalar' ? mapNode(new Map([['action', { mark, value: scalarNode(node.value, mark) }]]), mark) : node
  return long.kind === 'map' ? mapEntries(long, handlers, spot) : node
}

const handlers = {
  max_restarts: count,
  window: duration,
  backoff: object({ initial: duration, factor: float, max: duration, reset_after: duration }),
  grow: object({ factor: float, limit: bytes }),
}
