import { type FSWatcher, watch } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface TreeWatcherOptions {
  /** Folders for which this holds are not entered. */
  readonly isIgnored: (path: string) => boolean
  readonly onChange: (path: string) => void
  /** The kernel has no more watches (fs.inotify.max_user_watches), or a folder cannot be read. */
  readonly onProblem: (path: string, error: NodeJS.ErrnoException) => void
}

/**
 * Tells every change below a file or folder. One watch per folder, so that ignored trees (node_modules) cost nothing; node's own recursive mode has a watch for
 * each file. A folder is watched before it is read, so that nothing can appear unseen in between; what appears twice is told twice.
 */
export class TreeWatcher {
  readonly #options: TreeWatcherOptions
  readonly #watchers = new Map<string, FSWatcher>()
  #isClosed = false

  constructor(options: TreeWatcherOptions) {
    this.#options = options
  }

  /** Resolves when everything that is there is watched. */
  async add(path: string): Promise<void> {
    const stats = await lstat(path).catch(() => undefined)
    // A file is replaced by editors: its folder is what tells.
    if (stats?.isDirectory()) await this.#enter(path, false)
    else this.#watch(dirname(path), name => name === basename(path))
  }

  close(): void {
    this.#isClosed = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  async #enter(folder: string, tells: boolean): Promise<void> {
    if (this.#isClosed || !this.#watch(folder, () => true)) return
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') this.#options.onProblem(folder, error)
      return []
    })
    await Promise.all(
      entries.map(async entry => {
        const path = join(folder, entry.name)
        if (this.#options.isIgnored(path)) return
        if (tells) this.#options.onChange(path)
        if (entry.isDirectory()) await this.#enter(path, tells)
      }),
    )
  }

  #watch(folder: string, isWanted: (name: string) => boolean): boolean {
    if (this.#watchers.has(folder)) return false
    try {
      const watcher = watch(folder, (_, name) => {
        if (name !== null && isWanted(name)) this.#changed(join(folder, name))
      })
      watcher.on('error', error => this.#options.onProblem(folder, error))
      this.#watchers.set(folder, watcher)
      return true
    } catch (error) {
      this.#options.onProblem(folder, error as NodeJS.ErrnoException)
      return false
    }
  }

  async #changed(path: string): Promise<void> {
    if (this.#isClosed || this.#options.isIgnored(path)) return
    const stats = await lstat(path).catch(() => undefined)
    // A folder that is known says itself what happens in it; a new one is news, empty or not.
    if (stats?.isDirectory() && this.#watchers.has(path)) return
    if (stats === undefined) this.#forget(path)
    this.#options.onChange(path)
    if (stats?.isDirectory()) await this.#enter(path, true)
  }

  /** A folder that has gone takes the watches below it along. */
  #forget(path: string): void {
    for (const [folder, watcher] of this.#watchers) {
      if (folder !== path && !folder.startsWith(`${path}/`)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
  }
}
