import { pairList } from '../merge/forms.ts'
import { listNode, type Node, scalarNode, scalarText } from '../yaml/node.ts'
import { fail, type Handler } from './handler.ts'

/** `extra_hosts`: lines `host=address`, sorted; `host:address` and `[::1]` are accepted. */
export const extraHosts: Handler = (node, spot) => {
  if (spot.context.isTemplate) return node
  const lines: Node[] = []
  for (const item of pairList(node).items) {
    const text = item.kind === 'scalar' ? scalarText(item.value) : ''
    const split = text.search(/[=:]/)
    const separator = text.includes('=') ? text.indexOf('=') : split
    if (separator < 1 || separator === text.length - 1) {
      return fail(item, spot, {
        code: 'wrong-format',
        message: `${JSON.stringify(text)} names ${separator === 0 ? 'an address but no host' : 'a host but no address'}`,
        hint: `write ${text || 'HOST'}=ADDRESS`,
      })
    }
    const address = text.slice(separator + 1).replace(/^\[(.+)\]$/, '$1')
    lines.push(scalarNode(`${text.slice(0, separator)}=${address}`, item.mark))
  }
  const key = (line: Node) => (line.kind === 'scalar' ? String(line.value) : '')
  return listNode(
    lines.sort((one, other) => (key(one) < key(other) ? -1 : Number(key(one) > key(other)))),
    node.mark,
  )
}
