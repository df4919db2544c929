import { resolve } from 'node:path'
import { interpolateTree } from '../interpolate/interpolate-tree.ts'
import { collectVariables } from '../interpolate/variables.ts'
import type { StackFileSystem, TemplateVariable } from '../load-options.ts'
import { applyTags, mergeTrees } from '../merge/merge-trees.ts'
import type { Problems } from '../problems.ts'
import { decodeText, fileProblem, MAX_FILE_BYTES } from '../read-text.ts'
import { isRemote, localCopy, type RemoteFiles } from '../remote-files.ts'
import { validateTree } from '../validate/validate-tree.ts'
import { kindName, type MapNode, type Mark, type Node } from '../yaml/node.ts'
import { parseYaml } from '../yaml/parse-yaml.ts'
import { type FileScope, SourceFile } from '../yaml/source-file.ts'
import { resolveExtends } from './extends.ts'
import { resolveIncludes } from './include.ts'

/** A file with its documents, before anything in them is substituted or merged. */
export interface ParsedFile {
  readonly source: SourceFile
  readonly documents: readonly MapNode[]
}

export interface ReaderOptions {
  readonly fs: StackFileSystem
  readonly problems: Problems
  readonly stdin: string | undefined
  readonly noInterpolate: boolean
  readonly remoteFiles: RemoteFiles | undefined
}

/** Reads stack files and what they extend and include into one merged tree. Remembers every file, for frames and so that none is parsed twice. */
export class StackReader {
  readonly fs: StackFileSystem
  readonly problems: Problems
  readonly sources = new Map<string, string>()
  readonly variables = new Map<string, TemplateVariable>()
  /** Contents of secrets and configs (`secrets.NAME`) that included files take from variables of their own. */
  readonly fileVariables = new Map<string, string>()
  readonly #options: ReaderOptions
  readonly #documents = new Map<string, readonly MapNode[]>()

  constructor(options: ReaderOptions) {
    this.#options = options
    this.fs = options.fs
    this.problems = options.problems
  }

  /** Parses one file; undefined when it cannot be read, which is already reported (at `from`, where it was named). */
  parse(path: string, scope: FileScope, from?: Mark): ParsedFile | undefined {
    const text = this.#readText(path, from)
    if (text === undefined) return undefined
    this.sources.set(path, text)
    const source = new SourceFile(path, text, scope)
    const trees = parseYaml(source, this.problems)
    const documents = trees.flatMap(tree => this.#asStack(tree, source))
    if (documents.length === 0 && !this.problems.hasErrors) {
      this.problems.error({
        code: 'empty-file',
        message: `the stack file ${path} is empty`,
        mark: { source, offset: 0 },
      })
    }
    return { source, documents }
  }

  /** Merges the documents of parsed files in order, each after substitution, `extends` and `include`. `including` are the files on the way here. */
  merge(files: readonly ParsedFile[], including: readonly string[]): MapNode | undefined {
    let merged: MapNode | undefined
    for (const file of files) {
      for (const document of file.documents) {
        // A later file cannot mend what the schema refuses in an earlier one.
        if (merged !== undefined) validateTree(merged, this.problems)
        const substituted = this.interpolated(document, file.source.scope)
        const extended = resolveExtends(substituted, file.source, this)
        const complete = resolveIncludes(extended, file.source, this, including)
        const next = merged === undefined ? complete : mergeTrees(merged, complete, this.problems)
        merged = mayHaveTags(file.source) ? asMap(applyTags(next)) : next
      }
    }
    return merged
  }

  /** Documents of a file that a service extends, substituted; the same file in the same scope is read once. */
  extendedDocuments(path: string, scope: FileScope, from: Mark | undefined): readonly MapNode[] | undefined {
    const known = this.#documents.get(path)
    if (known !== undefined) return known
    const file = this.parse(path, scope, from)
    if (file === undefined) return undefined
    const documents = file.documents.map(document => this.interpolated(document, scope))
    this.#documents.set(path, documents)
    return documents
  }

  /** Absolute path of a file that another one names; an address is the place of its local copy. undefined = reported. */
  pathOf(name: string, baseDir: string, from: Mark | undefined): string | undefined {
    return isRemote(name) ? localCopy(name, this.#options.remoteFiles, this.problems, from) : resolve(baseDir, name)
  }

  interpolated(document: MapNode, scope: FileScope): MapNode {
    collectVariables(document, this.variables)
    if (this.#options.noInterpolate) return document
    return asMap(interpolateTree(document, { lookup: name => scope.env.get(name), problems: this.problems }))
  }

  #readText(path: string, from: Mark | undefined): string | undefined {
    if (path === '-') return this.#options.stdin ?? ''
    try {
      const sizeBytes = this.fs.stat(path)?.sizeBytes ?? 0
      if (sizeBytes > MAX_FILE_BYTES) {
        const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`
        this.problems.error({
          code: 'too-large',
          message: `the stack file ${path} has ${megabytes(sizeBytes)}, more than the ${megabytes(MAX_FILE_BYTES)} that are read`,
          mark: from,
        })
        return undefined
      }
      return decodeText(this.fs.readFile(path)).replace(/^\uFEFF/, '')
    } catch (error) {
      this.problems.error({ ...fileProblem(error, path, 'the stack file'), mark: from })
      return undefined
    }
  }

  #asStack(tree: Node, source: SourceFile): readonly MapNode[] {
    if (tree.kind === 'map') return [tree]
    if (tree.kind === 'scalar' && tree.value === null) return []
    this.problems.error({
      code: 'wrong-type',
      message: `a stack file must be a mapping, found ${kindName(tree)}`,
      mark: tree.mark ?? { source, offset: 0 },
    })
    return []
  }
}

function asMap(node: Node): MapNode {
  if (node.kind !== 'map') throw new TypeError('a stage made something else of a mapping')
  return node
}

function mayHaveTags(source: SourceFile): boolean {
  return source.text.includes('!reset') || source.text.includes('!override')
}
