import { listNode, scalarNode, scalarText } from '../yaml/node.ts'
import { fail, type Handler } from './handler.ts'
import { splitShellWords } from './shell-words.ts'

/** `command`, `entrypoint`: a list; '' and [] clear the image's, null inherits it. */
export const command: Handler = (node, spot) => {
  if (spot.context.isTemplate) return node
  if (node.kind === 'map') return node
  if (node.kind === 'list') {
    const items = node.items.map(item =>
      item.kind === 'scalar' ? scalarNode(scalarText(item.value), item.mark) : item,
    )
    return listNode(items, node.mark)
  }
  if (node.value === null) return undefined
  const result = splitShellWords(scalarText(node.value))
  if (!result.ok) {
    return fail(node, spot, {
      code: 'wrong-format',
      message: result.message,
      hint: 'write it as a list: ["sh", "-c", "..."]',
    })
  }
  if (result.lost !== '' && !spot.context.isTemplate) {
    spot.context.problems.warn({
      code: 'shell-operator',
      message: `no shell runs this command, so ${JSON.stringify(result.lost)} is dropped`,
      path: spot.path,
      mark: node.mark ?? spot.mark,
      hint: 'if a shell is wanted: ["sh", "-c", "..."]',
    })
  }
  return listNode(
    result.words.map(word => scalarNode(word, node.mark)),
    node.mark,
  )
}

/** `healthcheck.test`: a text is a shell command, a list begins with its kind. */
export const healthTest: Handler = (node, spot) => {
  if (node.kind === 'scalar') {
    if (spot.context.isTemplate) return node
    return listNode([scalarNode('CMD-SHELL', node.mark), scalarNode(scalarText(node.value), node.mark)], node.mark)
  }
  const first = node.kind === 'list' ? node.items[0] : undefined
  const kind = first?.kind === 'scalar' ? scalarText(first.value) : undefined
  if (node.kind !== 'list' || kind === undefined || ['CMD', 'CMD-SHELL', 'NONE'].includes(kind)) return node
  return fail(node, spot, {
    code: 'wrong-value',
    message: `a healthcheck given as a list begins with "CMD", "CMD-SHELL" or "NONE", found ${JSON.stringify(kind)}`,
    hint: `write ["CMD", ${JSON.stringify(kind)}, ...]`,
  })
}
