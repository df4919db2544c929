import { BerthError } from '../../schemas/errors.ts'
import { wholeTar } from '../containers/whole-tar.ts'
import type { StoredImage } from '../images/catalog.ts'
import type { Platform } from '../images/oci.ts'
import { hostPlatform } from '../images/platform.ts'
import { parseReference, withDefaultTag } from '../images/reference.ts'
import { pullImage } from '../images/registry/pull.ts'
import type { FoundImage, ImageService } from '../images/service.ts'
import type { BuiltLayer, StageState } from './stage-state.ts'
import { storeLayer } from './steps/export-layer.ts'
import type { Workspace } from './workspace.ts'

export const emptyState: StageState = {
  layers: [],
  config: {},
  history: [],
  base: undefined,
  hostTree: undefined,
  args: new Map(),
  automatic: new Set(),
  author: '',
  hasOwnCommand: false,
}

/** What BuildKit begins with. */
const scratchConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  WorkingDir: '/',
}

export interface BaseOptions {
  readonly pulls: boolean
  /** Undefined: as it is here; pulled for this machine. */
  readonly platform: Platform | undefined
  readonly dataRoot: string
  readonly onProgress: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * What FROM names: an image of the store, one that is pulled, or a folder of this machine (`rootfs:/path`), which becomes a layer. `rootfs:/` itself is
 * too much for a layer: a stage may run on it and be copied from.
 */
export async function openBase(
  images: ImageService,
  workspace: Workspace,
  name: string,
  options: BaseOptions,
): Promise<StageState> {
  if (name === 'scratch') return { ...emptyState, config: scratchConfig, base: options.platform ?? hostPlatform }
  const found = await findOrPull(images, name, options)
  if (found.kind === 'host') {
    const { path, document } = found.tree
    const config = document.config ?? {}
    if (path === '/' || `${options.dataRoot}/`.startsWith(`${path}/`)) return { ...emptyState, config, hostTree: path }
    const tar = wholeTar(await workspace.workers.pack(path, 'none', { signal: options.signal }))
    const layer = await storeLayer(images.store, tar, options.signal)
    const entry = { created: images.now().toISOString(), created_by: `FROM ${name}` }
    return { ...emptyState, config, layers: [layer], history: [entry], base: document }
  }
  const { document } = found.image
  const history = document.history ?? []
  return {
    ...emptyState,
    layers: layersOf(found.image, name),
    config: document.config ?? {},
    history,
    base: document,
    author: document.author ?? '',
  }
}

const isFor = ({ document }: StoredImage, platform: Platform | undefined): boolean =>
  platform === undefined || (document.os === platform.os && document.architecture === platform.architecture)

/** Bottom first. */
export function layersOf({ document, manifest }: StoredImage, name: string): readonly BuiltLayer[] {
  return (document.rootfs.diff_ids ?? []).map((diffId, index) => {
    const descriptor = manifest.layers[index]
    if (descriptor === undefined)
      throw new BerthError('INTERNAL', `${name}: its manifest names fewer layers than its configuration`)
    return { diffId, descriptor }
  })
}

/** An image as it is here, or pulled: where it must be, or where another platform is wanted. */
export async function findOrPull(images: ImageService, name: string, options: BaseOptions): Promise<FoundImage> {
  const isTransport = /^[a-z-]+:[./]/.test(name)
  if (!options.pulls || isTransport) {
    try {
      const found = await images.find(name, { signal: options.signal })
      if (found.kind === 'host' || isTransport || isFor(found.image, options.platform)) return found
    } catch (error) {
      if (isTransport || !(error instanceof BerthError) || error.code !== 'NOT_FOUND') throw error
    }
  }
  await pullImage(images.store, withDefaultTag(parseReference(name)), {
    settings: images.registries,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    now: images.now,
    signal: options.signal,
    onProgress: message => {
      if (message.progressDetail?.current === undefined)
        options.onProgress(`${message.id ?? ''} ${message.status ?? ''}`.trim())
    },
  })
  return images.find(name, { signal: options.signal })
}
