import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments } from 'yaml'
import { BerthError } from '../../schemas/errors.ts'
import { substitute } from '../load/interpolate/template.ts'
import { isRemote } from '../load/remote-files.ts'
import type { StackLayer } from './artifact.ts'

/**
 * The files of a stack as they are published: each file that was named, then those that services extend, then those of variables. References between
 * them become names in the artifact, everything else stays as it is written, comments too. Throws INVALID_ARGUMENT for an include of a file here.
 */
export function packStack(
  files: readonly string[],
  { workingDir, environment, withEnvironment }: PackOptions,
): readonly StackLayer[] {
  const packer = new Packer(environment)
  const main = files.map(path => packer.file(path, workingDir, 'file'))
  const extended: StackLayer[] = []
  for (let next = packer.takeExtended(); next !== undefined; next = packer.takeExtended()) {
    extended.push(packer.file(next, dirname(next), 'extended'))
  }
  return [...main, ...extended, ...(withEnvironment ? packer.envFiles() : [])]
}

export interface PackOptions {
  readonly workingDir: string
  readonly environment: ReadonlyMap<string, string>
  readonly withEnvironment: boolean
}

interface Reference {
  readonly path: string
  readonly range: readonly [number, number]
}

class Packer {
  readonly #environment: ReadonlyMap<string, string>
  readonly #envFiles = new Set<string>()
  readonly #waiting: string[] = []
  readonly #extended = new Set<string>()

  constructor(environment: ReadonlyMap<string, string>) {
    this.#environment = environment
  }

  /** The next file that a service extends and that is not packed yet. */
  takeExtended(): string | undefined {
    return this.#waiting.shift()
  }

  file(path: string, baseDir: string, kind: 'file' | 'extended'): StackLayer {
    const text = readFileSync(path, 'utf8')
    const changes: { readonly range: readonly [number, number]; readonly name: string }[] = []
    for (const document of parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' })) {
      if (!('contents' in document)) continue
      refuseLocalIncludes(document as Document, path)
      for (const [, service] of entries(member(document.contents, 'services', document), document)) {
        for (const { path: file, range } of this.#envReferences(service, baseDir, document)) {
          this.#envFiles.add(file)
          changes.push({ range, name: artifactName(file, 'env') })
        }
        const extended = this.#reference(member(member(service, 'extends', document), 'file', document), baseDir)
        if (extended === undefined) continue
        if (!this.#extended.has(extended.path)) this.#waiting.push(extended.path)
        this.#extended.add(extended.path)
        changes.push({ range: extended.range, name: artifactName(extended.path, 'yaml') })
      }
    }
    return {
      kind,
      name: kind === 'file' ? path : artifactName(path, 'yaml'),
      content: Buffer.from(replaced(text, changes)),
    }
  }

  /** Those that exist; an optional one may be missing. */
  envFiles(): readonly StackLayer[] {
    return [...this.#envFiles].sort().flatMap(path => {
      try {
        return [{ kind: 'env' as const, name: artifactName(path, 'env'), content: readFileSync(path) }]
      } catch {
        return []
      }
    })
  }

  #envReferences(service: Node | undefined, baseDir: string, document: Document): readonly Reference[] {
    const value = member(service, 'env_file', document)
    const items = isSeq(value) ? (value.items as Node[]) : value === undefined ? [] : [value]
    return items.flatMap(item => {
      const node = isMap(item) ? member(item, 'path', document) : resolved(item, document)
      return this.#reference(node, baseDir) ?? []
    })
  }

  #reference(node: Node | undefined, baseDir: string): Reference | undefined {
    if (!isScalar(node) || typeof node.value !== 'string' || isRemote(node.value)) return undefined
    const result = substitute(node.value, { lookup: name => this.#environment.get(name) })
    const [start, end] = node.range ?? [0, 0]
    return { path: resolve(baseDir, result.ok ? result.text : node.value), range: [start, end] }
  }
}

/** Compose's name of a file in an artifact: the hash of where it was. */
function artifactName(path: string, ending: 'env' | 'yaml'): string {
  return `${createHash('sha256').update(path).digest('hex')}.${ending}`
}

/** One place may be met twice, through an alias. */
function replaced(
  text: string,
  changes: readonly { readonly range: readonly [number, number]; readonly name: string }[],
): string {
  const byPlace = new Map(changes.map(change => [change.range[0], change]))
  let result = text
  for (const [, { range, name }] of [...byPlace].sort(([one], [other]) => other - one)) {
    result = result.slice(0, range[0]) + name + result.slice(range[1])
  }
  return result
}

function refuseLocalIncludes(document: Document, path: string): void {
  const include = member(document.contents, 'include', document)
  for (const item of isSeq(include) ? (include.items as Node[]) : []) {
    const value = isMap(item) ? member(item, 'path', document) : item
    const paths = isSeq(value) ? (value.items as Node[]) : [value]
    for (const each of paths) {
      if (!isScalar(each) || isRemote(String(each.value))) continue
      throw new BerthError(
        'INVALID_ARGUMENT',
        `${path} includes ${String(each.value)}: a file of this machine cannot be included by a published stack`,
        {
          hint: 'publish that file first and include it by its address, oci://...',
        },
      )
    }
  }
}

function resolved(node: Node | undefined, document: Document): Node | undefined {
  return isAlias(node) ? (node.resolve(document) as Node | undefined) : node
}

function member(node: Node | null | undefined, key: string, document: Document): Node | undefined {
  const map = resolved(node ?? undefined, document)
  return isMap(map) ? resolved(map.get(key, true) as Node | undefined, document) : undefined
}

function entries(node: Node | undefined, document: Document): readonly (readonly [string, Node | undefined])[] {
  if (!isMap(node)) return []
  return node.items.map(({ key, value }) => [String(key), resolved(value as Node | undefined, document)])
}
