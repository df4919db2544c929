import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** A folder inside a volume, which symlinks must not leave. */
export async function resolveSubpath(root: string, subpath: string): Promise<string> {
  const base = await realpath(root)
  const path = await realpath(join(base, subpath)).catch((cause: unknown) => {
    throw new BerthError('INVALID_ARGUMENT', `cannot access path ${subpath} of the volume`, { cause })
  })
  if (path !== base && !path.startsWith(`${base}/`)) {
    throw new BerthError('INVALID_ARGUMENT', `the subpath ${subpath} leaves the volume`)
  }
  return path
}
