import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverMounts } from './driver-mounts.ts'
import type { ImageMountRequest, ResolvedMount } from './mounts.ts'
import { resolveSubpath } from './subpath.ts'

export interface ImageMountsOptions {
  readonly dataRoot: string
  readonly mounts: DriverMounts
  /** Directories of an image's layers, the top-most first. */
  readonly layersOf: (imageId: string) => Promise<readonly string[]>
}

/** Images as read-only folders of containers (`--mount type=image`): one overlay for each image, mounted while a container uses it. */
export class ImageMounts {
  readonly #options: ImageMountsOptions

  constructor(options: ImageMountsOptions) {
    this.#options = options
  }

  directory(imageId: string): string {
    return join(this.#options.dataRoot, 'image-mounts', imageId.replace(/^sha256:/, '').replaceAll('/', '%'))
  }

  async prepare(containerId: string, mount: ImageMountRequest, signal?: AbortSignal): Promise<ResolvedMount> {
    const { mounts, layersOf, dataRoot } = this.#options
    const directory = this.directory(mount.imageId)
    // An overlay without an upper directory wants two lower ones.
    const empty = join(dataRoot, 'image-mounts', '.empty')
    for (const path of [empty, directory]) await mkdir(path, { recursive: true, mode: 0o711 })
    const layers = await layersOf(mount.imageId)
    const backing = { kind: 'mount', type: 'overlay', device: 'overlay' } as const
    await mounts.use(
      directory,
      { ...backing, options: ['ro', `lowerdir=${[...layers, empty].map(escapePath).join(':')}`] },
      containerId,
      signal,
    )
    return {
      kind: 'image',
      name: mount.reference,
      source: mount.subpath === undefined ? directory : await resolveSubpath(directory, mount.subpath),
      target: mount.target,
      isReadOnly: true,
      propagation: 'rprivate',
      isRecursive: true,
    }
  }

  adopt(containerId: string, mount: ImageMountRequest): void {
    this.#options.mounts.adopt(this.directory(mount.imageId), containerId)
  }
}

/** What separates folders and options in the text that the kernel takes. */
const escapePath = (path: string): string => path.replace(/[\\:,]/g, character => `\\${character}`)
