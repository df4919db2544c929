import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that a directory tree takes on the disk; symlinks are not followed, what vanishes meanwhile does not count. */
export async function directoryBytes(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries.map(async entry => {
      const child = join(path, entry.name)
      const status = await lstat(child).catch(() => undefined)
      const own = (status?.blocks ?? 0) * 512
      return entry.isDirectory() ? own + (await directoryBytes(child)) : own
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
