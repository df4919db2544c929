import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
} from 'yaml'
import type { Problems } from '../problems.ts'
import {
  listNode,
  type MapEntry,
  type MapNode,
  type Mark,
  type MergeTag,
  mapNode,
  type Node,
  type ScalarNode,
  scalarNode,
} from './node.ts'
import { childPath, type Path } from './path.ts'
import { plainScalar, TIMESTAMP } from './plain-scalar.ts'
import type { SourceFile } from './source-file.ts'

/** Nodes that a file may have once its aliases are written out; ten thousand services have about half of it. */
const MAX_NODES = 1_000_000

/** The documents of a file as trees. Mistakes go to `problems`; what cannot be understood is left out. */
export function parseYaml(source: SourceFile, problems: Problems): readonly Node[] {
  // failsafe: the library makes no numbers or booleans, `plainScalar` does; duplicate keys are found by our own, linear check.
  const documents = parseAllDocuments(source.text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  if (!Array.isArray(documents)) return []
  return documents.flatMap(document => {
    for (const error of document.errors) {
      const message =
        error.code === 'RESOURCE_EXHAUSTION' ? 'the file is nested too deeply' : yamlMessage(error.message)
      problems.error({ code: 'yaml-syntax', message, mark: { source, offset: error.pos[0] } })
    }
    if (document.errors.length > 0 || document.contents === null) return []
    return [new DocumentReader(source, problems).read(document as Document.Parsed)]
  })
}

function yamlMessage(message: string): string {
  const text = message.split('\n')[0] ?? message
  return `the file is not valid YAML: ${text.charAt(0).toLowerCase()}${text.slice(1)}`
}

/** Turns the library's nodes into ours: aliases become shared nodes, `<<` is applied, scalars get their values. */
class DocumentReader {
  readonly #source: SourceFile
  readonly #problems: Problems
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number }>()
  /** Nodes counted with aliases written out. */
  #size = 0

  constructor(source: SourceFile, problems: Problems) {
    this.#source = source
    this.#problems = problems
  }

  read(document: Document.Parsed): Node {
    return document.contents === null ? scalarNode(null, undefined) : this.#node(document.contents, undefined)
  }

  #node(node: ParsedNode, path: Path | undefined): Node {
    if (isAlias(node)) return this.#alias(node, path)
    const before = this.#size
    this.#size += 1
    const mark = this.#mark(node)
    const tag = mergeTag(node.tag)
    const result = isScalar(node)
      ? this.#scalar(node, mark, tag, path)
      : isSeq(node)
        ? listNode(
            node.items.map((item, index) => this.#node(item as ParsedNode, childPath(path, index))),
            mark,
            tag,
          )
        : this.#map(node, mark, tag, path)
    const { anchor } = node
    if (anchor !== undefined) this.#anchors.set(anchor, { node: result, size: this.#size - before })
    return result
  }

  #alias(alias: Alias.Parsed, path: Path | undefined): Node {
    const target = this.#anchors.get(alias.source)
    const mark = this.#mark(alias)
    if (target === undefined) {
      this.#problems.error({
        code: 'unknown-anchor',
        message: `there is no anchor &${alias.source} before this alias`,
        path,
        mark,
      })
      return scalarNode(null, mark)
    }
    this.#size += target.size
    if (this.#size > MAX_NODES) {
      this.#problems.error({
        code: 'too-large',
        message: `the aliases of this file write out to more than ${MAX_NODES.toLocaleString('en')} values`,
        path,
        mark,
      })
      return scalarNode(null, mark)
    }
    return target.node
  }

  #map(node: ParsedNode, mark: Mark, tag: MergeTag, path: Path | undefined): MapNode {
    const entries = new Map<string, MapEntry>()
    const merged: Node[] = []
    for (const pair of isMap(node) ? node.items : []) {
      if (!isPair(pair)) continue
      const key = pair.key as ParsedNode
      const value = pair.value as ParsedNode | null
      const name = this.#keyOf(key, path)
      if (name === undefined) continue
      const at = childPath(path, name)
      const keyMark = this.#mark(key)
      const child = value === null ? scalarNode(null, keyMark) : this.#node(value, at)
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
        merged.push(...this.#mergeSources(child, at))
        continue
      }
      const first = entries.get(name)
      if (first !== undefined) {
        const line = first.mark?.source.positionAt(first.mark.offset).line
        this.#problems.error({
          code: 'duplicate-key',
          message: `the key ${JSON.stringify(name)} is already defined at line ${line}`,
          path: at,
          mark: keyMark,
          hint: 'remove one of the two, or merge them',
        })
        continue
      }
      entries.set(name, { mark: keyMark, value: child })
    }
    for (const source of merged) {
      if (source.kind !== 'map') continue
      for (const [name, entry] of source.entries) if (!entries.has(name)) entries.set(name, entry)
    }
    return mapNode(entries, mark, tag)
  }

  #mergeSources(node: Node, path: Path): readonly Node[] {
    const sources = node.kind === 'list' ? node.items : [node]
    if (sources.every(source => source.kind === 'map')) return sources
    this.#problems.error({
      code: 'wrong-type',
      message: 'expected a mapping or a list of mappings after <<',
      path,
      mark: node.mark,
    })
    return []
  }

  #keyOf(key: ParsedNode | null, path: Path | undefined): string | undefined {
    const node: ParsedNode | null | undefined = isAlias(key) ? null : key
    if (isAlias(key)) {
      const target = this.#anchors.get(key.source)?.node
      if (target?.kind === 'scalar' && typeof target.value === 'string') return target.value
    }
    if (node !== null && node !== undefined && isScalar(node)) {
      const value = scalarValue(node)
      if (typeof value === 'string') return value
      if (value === TIMESTAMP) return String(node.value)
    }
    const text = key === null ? '' : this.#source.text.slice(key.range[0], key.range[1])
    this.#problems.error({
      code: 'non-string-key',
      message: `a key must be text, found ${text || 'nothing'}`,
      path,
      mark: key === null ? undefined : this.#mark(key),
      hint: `put it in quotes: ${JSON.stringify(text)}`,
    })
    return undefined
  }

  #scalar(node: Scalar.Parsed, mark: Mark, tag: MergeTag, path: Path | undefined): ScalarNode {
    const value = scalarValue(node)
    if (value !== TIMESTAMP) return scalarNode(value, mark, tag)
    const text = String(node.value)
    // docker compose 2.40 fails here too, with "invalid jsonType time.Time".
    this.#problems.error({
      code: 'timestamp',
      message: `${text} without quotes is a date in YAML, and no attribute of a stack file is a date`,
      path,
      mark,
      hint: `put it in quotes: "${text}"`,
    })
    return scalarNode(text, mark, tag)
  }

  #mark(node: { range?: readonly [number, number, number] | null }): Mark {
    return { source: this.#source, offset: node.range?.[0] ?? 0 }
  }
}

function mergeTag(tag: string | undefined): MergeTag {
  if (tag === '!reset') return 'reset'
  return tag === '!override' ? 'override' : undefined
}

function scalarValue(node: Scalar): ReturnType<typeof plainScalar> {
  const text = String(node.value ?? '')
  switch (node.tag) {
    case 'tag:yaml.org,2002:str':
    case '!':
      return text
    case 'tag:yaml.org,2002:null':
      return null
    case 'tag:yaml.org,2002:binary':
      return Buffer.from(text, 'base64').toString('utf8')
    case 'tag:yaml.org,2002:int':
    case 'tag:yaml.org,2002:float':
    case 'tag:yaml.org,2002:bool':
      return plainScalar(text)
    default:
      return node.type === 'PLAIN' ? plainScalar(text) : text
  }
}
