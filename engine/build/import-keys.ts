import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import type { StoredImage } from '../images/catalog.ts'
import type { ImageStore } from '../images/store.ts'
import { findOrPull, layersOf } from './base-image.ts'
import type { BuildParts } from './context-of.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import type { BuiltLayer } from './stage-state.ts'

/** Member of an image's configuration: keys of the steps that made its layers. Others ignore it, as the image specification asks. */
export const keysMember = 'dev.berth.build.keys'

const schema = z.array(z.object({ key: z.string().check(z.regex(/^[0-9a-f]{64}$/)), diffId: z.string() }))

/** For the configuration of an image: what `importKeys` reads elsewhere. */
export const keysOf = (layers: readonly BuiltLayer[]): z.infer<typeof schema> =>
  layers.flatMap(({ key, diffId }) => (key === undefined ? [] : [{ key, diffId }]))

/** Layers of the images that the cache may be taken from, by key. An image that cannot be had is told and passed over, as BuildKit does. */
export async function importKeys(
  { images, engine }: BuildParts,
  request: BuildRequest,
  report: BuildReport,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BuiltLayer>> {
  const imported = new Map<string, BuiltLayer>()
  for (const name of request.cacheFrom) {
    try {
      const options = {
        pulls: false,
        platform: request.platform,
        dataRoot: engine.dataRoot,
        onProgress: () => undefined,
        signal,
      }
      const found = await findOrPull(images, name, options)
      if (found.kind === 'host') throw new BerthError('INVALID_ARGUMENT', 'it is a folder of this machine')
      for (const [key, layer] of await readKeys(images.store, found.image, name)) imported.set(key, layer)
    } catch (error) {
      if (signal.aborted) throw error
      report.line(`[Warning] no cache from ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return imported
}

async function readKeys(store: ImageStore, image: StoredImage, name: string): Promise<[string, BuiltLayer][]> {
  const config = JSON.parse((await store.blobs.readDocument(image.id)).toString('utf8')) as Record<string, unknown>
  const parsed = schema.safeParse(config[keysMember] ?? [])
  if (!parsed.success || parsed.data.length === 0) throw new BerthError('NOT_FOUND', 'it tells no keys of its steps')
  const layers = new Map(layersOf(image, name).map(layer => [layer.diffId, layer]))
  return parsed.data.flatMap(({ key, diffId }): [string, BuiltLayer][] => {
    const layer = layers.get(diffId)
    return layer === undefined ? [] : [[key, layer]]
  })
}
