import { mkdirSync } from 'node:fs'
import type { RootFilesystem } from '../../schemas/runtime/monitor.ts'
import type { ResolvedImage } from '../images/service.ts'
import type { ContainerContext } from './context.ts'
import type { ContainerPaths } from './record.ts'

/**
 * The writable layer lies on disk, except over a directory of the host that contains the data root (`rootfs:/`): overlayfs refuses an upper
 * directory inside its own lower one, so it goes to the run directory's tmpfs.
 */
export function rootfsOf(
  context: ContainerContext,
  image: ResolvedImage,
  paths: ContainerPaths,
): Extract<RootFilesystem, { kind: 'overlay' }> {
  const base = liesOnTmpfs(context, image) ? paths.memory : paths.data
  return { kind: 'overlay', lower: image.lower, upper: `${base}/upper`, work: `${base}/work` }
}

/**
 * The data folder is needed in any case: the log lies there. Synchronous: three calls that only touch memory (the journal of the file system
 * takes them to the disk), a tenth of what three turns through the thread pool cost.
 */
export function makeWritableLayer(context: ContainerContext, image: ResolvedImage, paths: ContainerPaths): void {
  const isInMemory = liesOnTmpfs(context, image)
  if (isInMemory) makeFolder(paths.data)
  const base = isInMemory ? paths.memory : paths.data
  for (const folder of [base, `${base}/upper`, `${base}/work`]) makeFolder(folder)
}

export const liesOnTmpfs = ({ dataRoot }: ContainerContext, { hostTree }: ResolvedImage): boolean =>
  hostTree !== undefined && (hostTree === '/' || `${dataRoot}/`.startsWith(`${hostTree}/`))

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o755 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
