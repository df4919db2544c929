import { accessSync, constants, statSync } from 'node:fs'
import { BerthError } from '../../schemas/errors.ts'
import type { OtherRuntime } from '../../schemas/runtime/monitor.ts'

/** A runtime as an administrator names it: a path, or a program of PATH, and words that stand before each command. */
export interface RuntimeEntry {
  readonly path: string
  readonly runtimeArgs?: readonly string[] | undefined
}

export interface RuntimeSettings {
  readonly others: Readonly<Record<string, RuntimeEntry>>
  /** Of containers that name none. */
  readonly defaultName: string
}

export const ownRuntimeName = 'berth'

/** What clients call dockerd's own runtime: ours, unless an administrator gives the name to another one. */
const aliases: readonly string[] = ['runc', 'io.containerd.runc.v2']

/** OCI runtimes by name (`runtimes` of daemon.json). */
export class Runtimes {
  readonly defaultName: string
  readonly #entries: ReadonlyMap<string, RuntimeEntry>
  readonly #others: ReadonlyMap<string, OtherRuntime>

  /** Throws USAGE for a program that is not there and for a default that nobody defines. `searchPath` as in the environment variable. */
  constructor({ others, defaultName }: RuntimeSettings, searchPath: string) {
    this.#entries = new Map(Object.entries(others))
    this.#others = new Map(
      [...this.#entries].map(([name, { path, runtimeArgs }]) => [
        name,
        { path: findProgram(name, path, searchPath), arguments: runtimeArgs ?? [] },
      ]),
    )
    this.defaultName = defaultName
    if (!this.#knows(defaultName))
      throw new BerthError('USAGE', `specified default runtime '${defaultName}' does not exist`, {
        hint: `defined are ${[ownRuntimeName, ...this.#others.keys()].join(', ')}`,
      })
  }

  #knows(name: string): boolean {
    return name === ownRuntimeName || aliases.includes(name) || this.#others.has(name)
  }

  /** The other runtime of that name; undefined for ours. Throws INVALID_ARGUMENT with dockerd's text (moby daemon/runtime_unix.go). */
  find(name: string): OtherRuntime | undefined {
    if (!this.#knows(name)) throw new BerthError('INVALID_ARGUMENT', `unknown or invalid runtime name: ${name}`)
    return this.#others.get(name)
  }

  /** As GET /info shows them. */
  describe(): Readonly<Record<string, RuntimeEntry>> {
    return { [ownRuntimeName]: { path: 'berth-native' }, ...Object.fromEntries(this.#entries) }
  }
}

function findProgram(name: string, path: string, searchPath: string): string {
  const candidates = path.startsWith('/')
    ? [path]
    : path.includes('/')
      ? []
      : searchPath.split(':').map(folder => `${folder}/${path}`)
  const found = candidates.find(candidate => candidate.startsWith('/') && isProgram(candidate))
  if (found === undefined)
    throw new BerthError('USAGE', `runtime ${name}: ${path} is not a program that can be executed`, {
      hint: 'give an absolute path, or the name of a program in PATH',
    })
  return found
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
