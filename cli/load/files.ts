import { readFileSync, statSync } from 'node:fs'
import type { StackFileSystem } from './load-options.ts'

/** The real file system. */
export const hostFiles: StackFileSystem = {
  readFile: path => readFileSync(path),
  stat: path => {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats && { isFile: stats.isFile(), isDirectory: stats.isDirectory(), sizeBytes: stats.size }
  },
}
