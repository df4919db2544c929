import { posix } from 'node:path'
import { BerthError } from '../../../schemas/errors.ts'
import type { Tree, Workspace } from '../workspace.ts'
import { isMissing } from './copy-sources.ts'

/** Where something that is copied into a tree will lie. */
export interface Place {
  /** A link to a file is followed: the file is replaced. */
  readonly destination: string
  /** The folder that is there already. */
  readonly base: string
  /** Names between it and the destination. */
  readonly missing: readonly string[]
  /** The destination is there and is a folder. */
  readonly isFolder: boolean
}

const remembered = 1000

/** Places by tree and path, from build to build: layers never change, so that a step out of the cache needs no look at them. */
export class KnownPlaces {
  readonly #places = new Map<string, Place>()

  get(key: string): Place | undefined {
    return this.#places.get(key)
  }

  set(key: string, place: Place): void {
    this.#places.set(key, place)
    const [oldest] = this.#places.keys()
    if (this.#places.size > remembered && oldest !== undefined) this.#places.delete(oldest)
  }
}

/** Throws INVALID_ARGUMENT where a file is in the way. */
export async function findPlace(
  workspace: Workspace,
  tree: Tree,
  destination: string,
  signal: AbortSignal,
): Promise<Place> {
  const key = tree.identity === undefined ? undefined : JSON.stringify([tree.identity, destination])
  const known = key === undefined ? undefined : workspace.places.get(key)
  if (known !== undefined) return known
  const place = await lookAt(workspace, tree, destination, signal)
  if (key !== undefined) workspace.places.set(key, place)
  return place
}

async function lookAt(workspace: Workspace, tree: Tree, destination: string, signal: AbortSignal): Promise<Place> {
  const { view } = await workspace.view(tree)
  const missing: string[] = []
  for (let path = destination; ; path = posix.dirname(path)) {
    try {
      const { mode } = await workspace.workers.stat(view, path, true, signal)
      const isFolder = (mode & 0o170000) === 0o040000
      if (!isFolder && missing.length > 0) throw new BerthError('INVALID_ARGUMENT', `${path} is not a directory`)
      if (isFolder) return { destination, base: path, missing, isFolder }
      const { target } = await workspace.workers.stat(view, path, false, signal)
      const file = target === '' ? path : target
      return { destination: file, base: posix.dirname(file), missing, isFolder }
    } catch (error) {
      if (!isMissing(error) || path === '/') throw error
      missing.unshift(posix.basename(path))
    }
  }
}
