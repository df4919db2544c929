import {
  type MapEntry,
  type MapNode,
  mapNode,
  type Node,
  type ScalarNode,
  scalarNode,
  stringAt,
  valueAt,
  withEntry,
} from '../yaml/node.ts'
import { fail, type Handler, object, type Spot } from './handler.ts'
import { absoluteHostPath, cleanTarget, isWindowsPath } from './paths.ts'
import { boolean, bytes, textMap } from './scalars.ts'

/** An item of `services.*.volumes`. */
export const mount: Handler = (node, spot) => {
  const long = node.kind === 'scalar' && typeof node.value === 'string' ? fromShort(node, node.value, spot) : node
  return long?.kind === 'map' ? longMount(long, spot) : long
}

export type ShortMount =
  | { readonly ok: true; readonly source: string; readonly target: string; readonly options: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** Takes `[source:]target[:options]` apart; a letter before a colon is a drive of Windows, in Compose also where a volume was meant. */
export function parseShortMount(text: string): ShortMount {
  if (text === '') return { ok: false, message: 'a volume is empty' }
  if (text.length <= 2) return { ok: true, source: '', target: text, options: [] }
  const parts: string[] = []
  let part = ''
  for (const character of text) {
    if (character === ':' && !/^\p{L}$/u.test(part)) {
      parts.push(part)
      part = ''
    } else part += character
  }
  parts.push(part)
  if (parts.includes(''))
    return { ok: false, message: `the volume ${JSON.stringify(text)} has an empty part between its colons` }
  const [first = '', second, options, ...more] = parts
  if (more.length > 0) {
    return {
      ok: false,
      message: `the volume ${JSON.stringify(text)} has too many colons; the form is SOURCE:TARGET:OPTIONS`,
    }
  }
  if (second === undefined) return { ok: true, source: '', target: first, options: [] }
  return { ok: true, source: first, target: second, options: options === undefined ? [] : options.split(',') }
}

const propagations = new Set(['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'])

function fromShort(node: ScalarNode, text: string, spot: Spot): Node | undefined {
  const short = parseShortMount(text)
  if (!short.ok) return fail(node, spot, { code: 'wrong-volume', message: short.message })
  const { mark } = node
  const isBind = isHostPath(short.source)
  const entries = new Map<string, MapEntry>()
  const set = (key: string, value: Node) => entries.set(key, { mark, value })
  set('type', scalarNode(isBind ? 'bind' : 'volume', mark))
  if (short.source !== '') set('source', scalarNode(short.source, mark))
  set('target', scalarNode(short.target, mark))
  if (short.options.includes('ro')) set('read_only', scalarNode(true, mark))
  // Compose leaves this out for the shortest ones, `/a`; it counts for the hash.
  if (text.length > 2) set(isBind ? 'bind' : 'volume', mapNode(optionsOf(short.options, isBind, mark), mark))
  for (const option of short.options) {
    const isKnown =
      ['ro', 'rw', 'nocopy', 'z', 'Z', 'cached', 'delegated', 'consistent'].includes(option) ||
      propagations.has(option) ||
      (isBind && option === 'idmap')
    if (isKnown || spot.context.isTemplate) continue
    spot.context.problems.warn({
      code: 'unknown-option',
      message: `the option ${JSON.stringify(option)} of the volume ${JSON.stringify(text)} has no meaning`,
      path: spot.path,
      mark,
      hint: 'use ro, rw, nocopy, z, Z or a propagation such as rslave',
    })
  }
  return mapNode(entries, mark)
}

function optionsOf(options: readonly string[], isBind: boolean, mark: Node['mark']): Map<string, MapEntry> {
  const entries = new Map<string, MapEntry>()
  const set = (key: string, value: string | boolean) => entries.set(key, { mark, value: scalarNode(value, mark) })
  if (!isBind) {
    if (options.includes('nocopy')) set('nocopy', true)
    return entries
  }
  for (const option of options) {
    if (propagations.has(option)) set('propagation', option)
    if (option === 'z' || option === 'Z') set('selinux', option)
    if (option === 'idmap') set('x-idmap', true)
  }
  // Only the short form makes the folder on the host, as the first Compose did.
  set('create_host_path', true)
  return entries
}

function isHostPath(source: string): boolean {
  return /^[./~]/.test(source) || isWindowsPath(source) || /^\p{L}:/u.test(source)
}

/** A number as it is, or its octal digits as a text. */
const octal: Handler = (node, spot) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || spot.context.isTemplate) return node
  if (/^0?[0-7]+$/.test(node.value)) return scalarNode(Number.parseInt(node.value, 8), node.mark)
  return fail(node, spot, {
    code: 'wrong-type',
    message: `expected an octal number, found the text ${JSON.stringify(node.value)}`,
    hint: 'write the mode as 01777',
  })
}

const parts = object({
  read_only: boolean,
  bind: object({ create_host_path: boolean }),
  volume: object({ nocopy: boolean, labels: textMap }),
  tmpfs: object({ size: bytes, mode: octal }),
})

function longMount(node: MapNode, spot: Spot): Node | undefined {
  let result = parts(node, spot)
  if (result?.kind !== 'map') return result
  const target = valueAt(result, 'target')
  if (target?.kind === 'scalar' && typeof target.value === 'string') {
    result = withEntry(result, 'target', scalarNode(cleanTarget(target.value), target.mark))
  } else {
    return fail(node, spot, { code: 'missing-key', message: 'a volume needs a target: the path in the container' })
  }
  if (stringAt(result, 'type') !== 'bind') return result
  const source = valueAt(result, 'source')
  if (source?.kind !== 'scalar' || typeof source.value !== 'string' || source.value === '') {
    return fail(node, spot, { code: 'missing-key', message: 'a bind mount needs a source: the path on the host' })
  }
  return withEntry(result, 'source', scalarNode(absoluteHostPath(source.value, source, spot.context), source.mark))
}
