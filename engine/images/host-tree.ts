import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { ImageDocument } from './oci.ts'
import { hostPlatform } from './platform.ts'

/** A directory of the host in the role of an image (`rootfs:/path`). Nothing of it is stored. */
export interface HostTree {
  /** `sha256:<hex>` of the reference, so that it looks like any image's id. */
  readonly id: string
  readonly reference: string
  readonly path: string
  readonly document: ImageDocument
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Throws NOT_FOUND when there is no such directory. */
export async function openHostTree(path: string): Promise<HostTree> {
  const status = await stat(path).catch(() => undefined)
  const reference = `rootfs:${path}`
  if (status?.isDirectory() !== true) {
    throw new BerthError('NOT_FOUND', `No such image: ${reference}`, { hint: `${path} is no directory of this host` })
  }
  return {
    id: `sha256:${createHash('sha256').update(reference).digest('hex')}`,
    reference,
    path,
    document: {
      architecture: hostPlatform.architecture,
      os: hostPlatform.os,
      config: { Env: [defaultPath] },
      rootfs: { type: 'layers', diff_ids: [] },
    },
  }
}
