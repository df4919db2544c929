import { pipeline } from 'node:stream/promises'
import type { EngineClient } from '../client/engine-client.ts'
import { pushImage, saveImages, tagImage } from '../client/images.ts'
import type { CacheTarget } from '../plan/build-cache.ts'

export interface KeepCacheOptions {
  readonly onText: (text: string) => void
  readonly registryAuth?: ((reference: string) => Promise<string | undefined>) | undefined
}

/** Puts an image, which tells the keys of its steps, where another build can take its cache from. */
export async function keepCache(
  client: EngineClient,
  id: string,
  targets: readonly CacheTarget[],
  { onText, registryAuth }: KeepCacheOptions,
): Promise<void> {
  for (const target of targets) {
    if (target.kind === 'local') await saveLayout(client, id, target.folder)
    if (target.kind === 'registry') await push(client, id, target.reference, registryAuth, onText)
  }
}

/** An OCI layout as a folder. */
export async function saveLayout(client: EngineClient, reference: string, folder: string): Promise<void> {
  const { unpackTar } = await import('modern-tar/fs')
  await pipeline(await saveImages(client, [reference]), unpackTar(folder))
}

async function push(
  client: EngineClient,
  id: string,
  reference: string,
  registryAuth: KeepCacheOptions['registryAuth'],
  onText: (text: string) => void,
): Promise<void> {
  const colon = reference.lastIndexOf(':')
  const isTagged = colon > reference.lastIndexOf('/')
  const repository = isTagged ? reference.slice(0, colon) : reference
  const tag = isTagged ? reference.slice(colon + 1) : 'latest'
  await tagImage(client, id, repository, tag)
  const auth = await registryAuth?.(reference)
  for await (const { status, aux } of pushImage(client, repository, { tag }, auth === undefined ? {} : { auth }))
    if (status !== undefined && aux === undefined) onText(`${status}\n`)
}
