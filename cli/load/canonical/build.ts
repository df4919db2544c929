import { pairList } from '../merge/forms.ts'
import { listNode, type MapEntry, mapNode, type Node, scalarNode, scalarText, withEntry } from '../yaml/node.ts'
import { fileReference } from './file-references.ts'
import { fail, type Handler, listOf, mapEntries, type Spot } from './handler.ts'
import { extraHosts } from './hosts.ts'
import { absoluteContext, absoluteHostPath } from './paths.ts'
import { boolean, bytes, text, textList, textMap, variableMap } from './scalars.ts'
import { ulimits } from './ulimits.ts'

/** `services.*.build`: a text is the context; the context is the project's folder unless it is given. */
export const build: Handler = (node, spot) => {
  const { mark } = node
  const long = node.kind === 'scalar' ? mapNode(new Map([['context', { mark, value: node }]]), mark) : node
  if (long.kind !== 'map') return node
  const ownDir = spot.context.resolvePaths ? (mark?.source.scope.projectDir ?? '.') : '.'
  const complete = long.entries.has('context') ? long : withEntry(long, 'context', scalarNode(ownDir, mark))
  return mapEntries(complete, handlers, spot)
}

const context: Handler = (node, spot) =>
  node.kind === 'scalar' ? scalarNode(absoluteContext(scalarText(node.value), node, spot.context), node.mark) : node

const additionalContexts: Handler = (node, spot) => {
  const bare = node.kind === 'list' ? node.items.find(item => !textOf(item).includes('=')) : undefined
  if (bare !== undefined) {
    return fail(bare, spot, {
      code: 'wrong-format',
      message: `${JSON.stringify(textOf(bare))} is not of the form NAME=CONTEXT`,
    })
  }
  const map = textMap(node, spot)
  if (map?.kind !== 'map') return map
  const entries = new Map<string, MapEntry>()
  for (const [key, { mark, value }] of map.entries) {
    const address = value.kind === 'scalar' ? absoluteContext(scalarText(value.value), value, spot.context) : ''
    entries.set(key, { mark, value: scalarNode(address, value.mark) })
  }
  return mapNode(entries, map.mark)
}

/** Arguments without a value are taken from the environment and dropped when it has none. */
const args: Handler = (node, spot) => {
  const map = variableMap(node, spot)
  if (map?.kind !== 'map' || spot.context.isTemplate) return map
  const entries = new Map<string, MapEntry>()
  for (const [key, { mark, value }] of map.entries) {
    const inherited = (value.mark?.source.scope.env ?? spot.context.env).get(key)
    if (value.kind !== 'scalar' || value.value !== null) entries.set(key, { mark, value })
    else if (inherited !== undefined) entries.set(key, { mark, value: scalarNode(inherited, value.mark) })
  }
  return mapNode(entries, map.mark)
}

/** Lines `id: path`, or `default` for the agent. */
const ssh: Handler = (node, spot) => {
  const { items } = pairList(node)
  const bare = items.map(textOf).find(line => !line.includes('=') && line !== 'default')
  if (bare !== undefined && !spot.context.isTemplate) {
    return fail(node, spot, {
      code: 'wrong-format',
      message: `${JSON.stringify(bare)} has no socket or key`,
      hint: `write ${bare}=PATH; only "default" is the caller's own agent`,
    })
  }
  return listNode(
    items.map(item => sshLine(item, spot)),
    node.mark,
  )
}

function textOf(node: Node): string {
  return node.kind === 'scalar' ? scalarText(node.value) : ''
}

function sshLine(item: Node, { context: at }: Spot): Node {
  const line = item.kind === 'scalar' ? scalarText(item.value) : ''
  const equals = line.indexOf('=')
  if (equals === -1) return item
  return scalarNode(`${line.slice(0, equals)}: ${absoluteHostPath(line.slice(equals + 1), item, at)}`, item.mark)
}

const handlers = {
  context,
  args,
  ssh,
  labels: textMap,
  additional_contexts: additionalContexts,
  extra_hosts: extraHosts,
  secrets: listOf(fileReference),
  shm_size: bytes,
  ulimits,
  provenance: text,
  sbom: text,
  no_cache: boolean,
  no_cache_filter: textList,
  pull: boolean,
  privileged: boolean,
}
