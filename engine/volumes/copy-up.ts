import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

/** True for a directory without entries. */
export async function isEmptyDirectory(path: string): Promise<boolean> {
  const directory = await opendir(path, { bufferSize: 2 })
  const first = await directory.read()
  await directory.close()
  return first === null
}

/**
 * False when no layer has anything at `target`, so that nobody needs to be asked. A symlink on the way counts as content: only a worker that resolves
 * it inside the image can tell.
 */
export async function mayHaveContent(lower: readonly string[], target: string): Promise<boolean> {
  let prefix = ''
  for (const component of target.split('/').filter(part => part !== '')) {
    prefix = join(prefix, component)
    const found = await Promise.all(lower.map(layer => lstat(join(layer, prefix)).catch(() => undefined)))
    if (found.every(status => status === undefined)) return false
    if (found.some(status => status?.isSymbolicLink() === true)) return true
  }
  return lower.length > 0
}
