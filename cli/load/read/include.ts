import { dirname, join, resolve } from 'node:path'
import { addEnvFiles } from '../env/project-environment.ts'
import {
  type MapNode,
  type Mark,
  mapNode,
  type Node,
  positionOf,
  scalarText,
  valueAt,
  withEntry,
  withoutKeys,
} from '../yaml/node.ts'
import { childPath, type Path, pathOf } from '../yaml/path.ts'
import type { SourceFile } from '../yaml/source-file.ts'
import type { ParsedFile, StackReader } from './stack-reader.ts'

const importedSections = ['services', 'networks', 'volumes', 'secrets', 'configs', 'models']
const ownSections = new Set([...importedSections, 'include', 'name', 'version'])

/** The document with the resources of everything that it includes, and without its `include`. */
export function resolveIncludes(
  document: MapNode,
  source: SourceFile,
  reader: StackReader,
  including: readonly string[],
): MapNode {
  const include = valueAt(document, 'include')
  if (include?.kind !== 'list') return document
  let result = withoutKeys(document, 'include')
  include.items.forEach((item, index) => {
    const included = load(item, source, reader, including, childPath(pathOf('include'), index))
    if (included !== undefined) result = importResources(result, included, reader)
  })
  return result
}

function load(
  item: Node,
  source: SourceFile,
  reader: StackReader,
  including: readonly string[],
  path: Path,
): MapNode | undefined {
  const { baseDir, env } = source.scope
  const named = textsOf(item.kind === 'scalar' ? item : valueAt(item, 'path'))
  const files = named.flatMap(({ text, mark }) => {
    const file = reader.pathOf(text, baseDir, mark)
    return file === undefined ? [] : [{ path: file, mark }]
  })
  const [main] = files
  if (main === undefined && named.length > 0) return undefined
  if (main === undefined) {
    reader.problems.error({
      code: 'wrong-type',
      message: 'include needs the path of a stack file',
      path,
      mark: item.mark,
    })
    return undefined
  }
  const way = including.includes(source.name) ? including : [...including, source.name]
  if (way.includes(main.path)) {
    const chain = [...way, main.path].join(' includes ')
    reader.problems.error({ code: 'include-cycle', message: `a file includes itself: ${chain}`, path, mark: main.mark })
    return undefined
  }

  const [folder] = textsOf(valueAt(item, 'project_directory'))
  const projectDir = folder === undefined ? dirname(main.path) : resolve(baseDir, folder.text)
  const environment = new Map(env)
  const envNames = textsOf(valueAt(item, 'env_file'))
  const defaultFile = join(projectDir, '.env')
  const envFiles =
    envNames.length > 0
      ? envNames.map(({ text }) => resolve(baseDir, text))
      : reader.fs.stat(defaultFile)?.isFile === true
        ? [defaultFile]
        : []
  addEnvFiles(environment, envFiles, reader.fs, reader.problems, envNames[0]?.mark)

  const scope = { baseDir: projectDir, projectDir, env: environment }
  const parsed = files
    .map(file => reader.parse(file.path, scope, file.mark))
    .filter((file): file is ParsedFile => file !== undefined)
  const tree = reader.merge(parsed, [...way, main.path])
  if (tree !== undefined) noteFileVariables(tree, environment, reader)
  return tree
}

/** Secrets and configs that an included file takes from variables get the values of its own environment. */
function noteFileVariables(tree: MapNode, environment: ReadonlyMap<string, string>, reader: StackReader): void {
  for (const section of ['secrets', 'configs']) {
    const sources = valueAt(tree, section)
    if (sources?.kind !== 'map') continue
    for (const [name, { value }] of sources.entries) {
      const [variable] = value.kind === 'map' ? textsOf(valueAt(value, 'environment')) : []
      const content = variable === undefined ? undefined : environment.get(variable.text)
      const key = `${section}.${name}`
      if (content !== undefined && !reader.fileVariables.has(key)) reader.fileVariables.set(key, content)
    }
  }
}

/** What is declared on both sides must be the same; to change an included resource, use a path list or another -f file. */
function importResources(into: MapNode, from: MapNode, reader: StackReader): MapNode {
  let result = into
  for (const section of importedSections) {
    const theirs = valueAt(from, section)
    if (theirs?.kind !== 'map') continue
    const ours = valueAt(result, section)
    if (ours !== undefined && ours.kind !== 'map' && !(ours.kind === 'scalar' && ours.value === null)) continue
    const entries = new Map(ours?.kind === 'map' ? ours.entries : [])
    for (const [name, entry] of theirs.entries) {
      const own = entries.get(name)
      if (own === undefined) {
        entries.set(name, entry)
      } else if (!isSame(own.value, entry.value)) {
        const there = positionOf(entry.mark)
        reader.problems.error({
          code: 'include-conflict',
          message: `${section}.${name} is declared here and differently in the included ${there?.file}:${there?.line}`,
          path: pathOf(section, name),
          mark: own.mark,
          hint: 'to change it, include [FILE, OVERRIDE-FILE] or put the change in another -f file',
        })
      }
    }
    result = withEntry(result, section, mapNode(entries, ours?.mark ?? theirs.mark, ours?.tag))
  }
  // Anything else that a stack file does not have is carried along, so that the schema check reports it at its place.
  for (const [key, entry] of from.entries) {
    if (ownSections.has(key) || key.startsWith('x-') || result.entries.has(key)) continue
    result = withEntry(result, key, entry.value, entry.mark)
  }
  return result
}

function isSame(one: Node, other: Node): boolean {
  if (one === other) return true
  if (one.kind === 'scalar' && other.kind === 'scalar') return one.value === other.value
  if (one.kind === 'list' && other.kind === 'list') {
    return (
      one.items.length === other.items.length &&
      one.items.every((item, index) => isSame(item, other.items[index] ?? item))
    )
  }
  if (one.kind === 'map' && other.kind === 'map') {
    return (
      one.entries.size === other.entries.size &&
      [...one.entries].every(([key, entry]) => {
        const theirs = other.entries.get(key)
        return theirs !== undefined && isSame(entry.value, theirs.value)
      })
    )
  }
  return false
}

function textsOf(node: Node | undefined): readonly { readonly text: string; readonly mark: Mark | undefined }[] {
  if (node === undefined) return []
  const items = node.kind === 'list' ? node.items : [node]
  return items.flatMap(item =>
    item.kind === 'scalar' && item.value !== null ? [{ text: scalarText(item.value), mark: item.mark }] : [],
  )
}
