import { dirname } from 'node:path'
import { applyTags, mergeServices } from '../merge/merge-trees.ts'
import { didYouMean } from '../validate/nearest-name.ts'
import {
  type MapEntry,
  type MapNode,
  type Mark,
  mapNode,
  stringAt,
  valueAt,
  withEntry,
  withoutKeys,
} from '../yaml/node.ts'
import type { Path } from '../yaml/path.ts'
import { pathOf } from '../yaml/path.ts'
import { SourceFile } from '../yaml/source-file.ts'
import type { StackReader } from './stack-reader.ts'

/** The document with every `extends` replaced by what it stands for: the named service underneath, this one over it. */
export function resolveExtends(document: MapNode, source: SourceFile, reader: StackReader): MapNode {
  const services = valueAt(document, 'services')
  if (services?.kind !== 'map') return document
  let result: Map<string, MapEntry> | undefined
  const resolver = new ExtendsResolver(reader)
  for (const [name, entry] of services.entries) {
    if (entry.value.kind !== 'map' || !entry.value.entries.has('extends')) continue
    result ??= new Map(services.entries)
    const value = resolver.service(name, { source, services }, [])
    if (value !== undefined) result.set(name, { mark: entry.mark, value })
  }
  if (result === undefined) return document
  return withEntry(document, 'services', mapNode(result, services.mark, services.tag))
}

/** The services that names are looked up in: those of one document. */
interface Home {
  readonly source: SourceFile
  readonly services: MapNode
}

interface Step {
  readonly file: string
  readonly service: string
}

class ExtendsResolver {
  readonly #reader: StackReader
  readonly #done = new Map<string, MapNode>()

  constructor(reader: StackReader) {
    this.#reader = reader
  }

  service(name: string, home: Home, way: readonly Step[]): MapNode | undefined {
    const own = valueAt(home.services, name)
    if (own?.kind !== 'map') return undefined
    const reference = valueAt(own, 'extends')
    if (reference === undefined) return own
    const identity = `${home.source.name}\n${name}`
    const known = this.#done.get(identity)
    if (known !== undefined) return known

    const path = pathOf('services', name, 'extends')
    const way2 = [...way, { file: home.source.name, service: name }]
    if (way.some(step => step.file === home.source.name && step.service === name)) {
      this.#reportCycle(way2, path, reference.mark)
      return withoutKeys(own, 'extends')
    }
    const base = this.#base(own, home, way2, path)
    const bare = withoutKeys(own, 'extends')
    const merged = base === undefined ? bare : mergeServices(base, bare, name, this.#reader.problems)
    this.#done.set(identity, merged)
    return merged
  }

  #base(own: MapNode, home: Home, way: readonly Step[], path: Path | undefined): MapNode | undefined {
    const reference = valueAt(own, 'extends')
    const short = reference?.kind === 'scalar' && typeof reference.value === 'string' ? reference.value : undefined
    const name = short ?? stringAt(reference, 'service')
    if (reference === undefined || name === undefined) {
      this.#reader.problems.error({
        code: 'wrong-type',
        message: 'extends needs the name of a service',
        path,
        mark: reference?.mark,
        hint: 'write extends: {service: NAME, file: PATH}',
      })
      return undefined
    }
    const file = stringAt(reference, 'file')
    const found = file === undefined ? home : this.#homeIn(file, name, home, valueAt(reference, 'file')?.mark)
    if (found === undefined) return undefined
    if (!found.services.entries.has(name)) {
      this.#reader.problems.error({
        code: 'unknown-service',
        message: `cannot extend the service ${JSON.stringify(name)}: there is none in ${found.source.name}`,
        path,
        mark: valueAt(reference, 'service')?.mark ?? reference.mark,
        hint: didYouMean(name, found.services.entries.keys()),
      })
      return undefined
    }
    const base = this.service(name, found, way)
    const complete = base === undefined ? undefined : applyTags(base)
    return complete?.kind === 'map' ? complete : undefined
  }

  /** Relative paths in the extended file start at its own folder; variables are those of the extending file. */
  #homeIn(file: string, name: string, home: Home, mark: Mark | undefined): Home | undefined {
    const path = this.#reader.pathOf(file, home.source.scope.baseDir, mark)
    if (path === undefined) return undefined
    const { projectDir, env } = home.source.scope
    const scope = { baseDir: dirname(path), projectDir, env }
    const documents = this.#reader.extendedDocuments(path, scope, mark)
    if (documents === undefined) return undefined
    const sections = documents.map(document => valueAt(document, 'services')).filter(section => section?.kind === 'map')
    const services = sections.find(section => section.entries.has(name)) ?? sections[0] ?? mapNode(new Map(), undefined)
    return { source: new SourceFile(path, this.#reader.sources.get(path) ?? '', scope), services }
  }

  #reportCycle(way: readonly Step[], path: Path | undefined, mark: Mark | undefined): void {
    const chain = way.map(({ file, service }) => `${service} (${file})`).join(' extends ')
    this.#reader.problems.error({ code: 'extends-cycle', message: `a service extends itself: ${chain}`, path, mark })
  }
}
