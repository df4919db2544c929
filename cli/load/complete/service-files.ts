import { resolve } from 'node:path'
import { parseDotenv, parseRawEnv } from '../env/dotenv.ts'
import { markOfLine } from '../env/project-environment.ts'
import type { StackFileSystem } from '../load-options.ts'
import type { Problems } from '../problems.ts'
import { decodeText, fileProblem } from '../read-text.ts'
import {
  type MapEntry,
  type MapNode,
  type Mark,
  mapNode,
  type Node,
  scalarNode,
  stringAt,
  valueAt,
  withEntry,
  withoutKeys,
} from '../yaml/node.ts'
import { childPath, type Path, pathOf } from '../yaml/path.ts'
import { textsAt } from './normalize-service.ts'

export interface ServiceFilesContext {
  readonly fs: StackFileSystem
  readonly problems: Problems
  readonly env: ReadonlyMap<string, string>
}

/** Replaces `env_file` and `label_file` by what they hold: under `environment` and `labels`, a later file over an earlier. */
export function withServiceFiles(name: string, service: MapNode, context: ServiceFilesContext): MapNode {
  const fromFiles = new Map<string, MapEntry>()
  const files = valueAt(service, 'env_file')
  for (const [index, file] of (files?.kind === 'list' ? files.items : []).entries()) {
    const at = childPath(pathOf('services', name, 'env_file'), index)
    addEnvFile(file, at, valueAt(service, 'environment'), fromFiles, context)
  }
  let result = withoutKeys(service, 'env_file', 'label_file')
  if (fromFiles.size > 0) result = withUnder(result, 'environment', fromFiles)

  const labels = new Map<string, MapEntry>()
  for (const [index, { text, mark }] of textsAt(service, 'label_file').entries()) {
    const path = childPath(pathOf('services', name, 'label_file'), index)
    addFile(
      { path: text, isRaw: false, isRequired: true, what: 'label file', mark, at: path, own: undefined },
      labels,
      context,
    )
  }
  return labels.size > 0 ? withUnder(result, 'labels', labels) : result
}

function addEnvFile(
  file: Node,
  at: Path,
  own: Node | undefined,
  into: Map<string, MapEntry>,
  context: ServiceFilesContext,
): void {
  const path = stringAt(file, 'path')
  if (path === undefined) return
  const format = stringAt(file, 'format')
  const mark = valueAt(file, 'path')?.mark ?? file.mark
  if (format !== undefined && format !== '' && format !== 'raw') {
    context.problems.error({
      code: 'wrong-value',
      message: `${JSON.stringify(format)} is not a format of an env file`,
      path: childPath(at, 'format'),
      mark: valueAt(file, 'format')?.mark,
      hint: 'leave it out, or use "raw"',
    })
    return
  }
  const required = valueAt(file, 'required')
  const isRequired = !(required?.kind === 'scalar' && required.value === false)
  addFile({ path, isRaw: format === 'raw', isRequired, what: 'env file', mark, at, own }, into, context)
}

interface NamedFile {
  readonly path: string
  readonly isRaw: boolean
  readonly isRequired: boolean
  readonly what: string
  readonly mark: Mark | undefined
  readonly at: Path
  /** `environment` of the service. */
  readonly own: Node | undefined
}

function entryText(entry: MapEntry | undefined): string | undefined {
  const value = entry?.value
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined
}

function addFile(named: NamedFile, into: Map<string, MapEntry>, { fs, problems, env }: ServiceFilesContext): void {
  // `config --no-path-resolution` prints paths as they are written; the files are the same.
  const file = { ...named, path: resolve(named.mark?.source.scope.baseDir ?? '/', named.path) }
  if (!file.isRequired && fs.stat(file.path) === undefined) return
  let text: string
  try {
    text = decodeText(fs.readFile(file.path))
  } catch (error) {
    problems.error({ ...fileProblem(error, file.path, `the ${file.what}`), path: file.at, mark: file.mark })
    return
  }
  // In this order, as Compose has it: the project's variables, those of the service, and what earlier files of the list say.
  const lookup = (name: string) => env.get(name) ?? stringAt(file.own, name) ?? entryText(into.get(name))
  const parsed = file.isRaw ? parseRawEnv(text, lookup) : parseDotenv(text, { lookup })
  if (!parsed.ok) {
    problems.error({
      code: 'env-file',
      message: `${file.path}, line ${parsed.line}: ${parsed.message}`,
      path: file.at,
      mark: markOfLine(file.path, text, parsed.line),
    })
    return
  }
  for (const [name, value] of parsed.variables) into.set(name, { mark: file.mark, value: scalarNode(value, file.mark) })
}

function withUnder(service: MapNode, key: string, under: ReadonlyMap<string, MapEntry>): MapNode {
  const own = valueAt(service, key)
  const entries = new Map(under)
  if (own?.kind === 'map') for (const [name, entry] of own.entries) entries.set(name, entry)
  return withEntry(service, key, mapNode(entries, own?.mark))
}
