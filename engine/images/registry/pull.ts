import type { ProgressMessage } from '../../../schemas/api/images.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { formatPlatform, normalisePlatform } from '../../../schemas/platform.ts'
import { digestOf, verifyDocument } from '../blobs.ts'
import type { StoredImage } from '../catalog.ts'
import { parseImageDocument } from '../documents.ts'
import { requireOs } from '../image-types.ts'
import type { ImageDocument, Platform } from '../oci.ts'
import { familiarName, fullName, type Reference, withDefaultTag } from '../reference.ts'
import type { ImageStore } from '../store.ts'
import { RegistryClient } from './client.ts'
import type { Credentials } from './credentials.ts'
import { type Endpoint, endpointsOf } from './endpoint.ts'
import { tryEndpoints } from './fall-through.ts'
import { pullLayers } from './pull-layers.ts'
import { selectManifest } from './select-manifest.ts'
import type { RegistrySettings } from './settings.ts'

export interface PullOptions {
  readonly settings: RegistrySettings
  readonly platform?: Platform
  readonly credentials?: Credentials
  readonly now: () => Date
  readonly onProgress: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

/**
 * Pulls an image: layers in parallel, each hashed while it arrives and unpacked when it is whole; then configuration and manifest; then the name.
 * A digest that was asked for is proven first, everything else follows from it. Mirrors are asked first; what one of them has brought stays.
 */
export function pullImage(store: ImageStore, wanted: Reference, options: PullOptions): Promise<StoredImage> {
  const reference = withDefaultTag(wanted)
  return store.lease(async () => {
    const endpoints = await endpointsOf(reference.domain, 'pull', options.settings)
    return tryEndpoints(endpoints, options.signal, endpoint =>
      pullFrom(store, reference, clientOf(reference, endpoint, options), options),
    )
  })
}

/** Every tag of a repository (`docker pull --all-tags`). */
export async function pullAllTags(store: ImageStore, repository: Reference, options: PullOptions): Promise<void> {
  const endpoints = await endpointsOf(repository.domain, 'pull', options.settings)
  const tags = await tryEndpoints(endpoints, options.signal, endpoint =>
    clientOf(repository, endpoint, options).tags(options.signal),
  )
  for (const tag of tags) await pullImage(store, { ...repository, tag }, options)
}

/** Passwords are for the registry that they were given for, not for its mirrors. */
function clientOf(reference: Reference, endpoint: Endpoint, { credentials, settings }: PullOptions): RegistryClient {
  return new RegistryClient({
    reference,
    endpoint,
    credentials: endpoint.isMirror ? undefined : credentials,
    settings,
  })
}

async function pullFrom(
  store: ImageStore,
  reference: Reference,
  client: RegistryClient,
  options: PullOptions,
): Promise<StoredImage> {
  const version = reference.digest ?? reference.tag ?? 'latest'
  const top = await client.manifest(version, options.signal)
  // Nothing is said before: until then an error still gets a status of its own.
  options.onProgress({ status: `Pulling from ${reference.path}`, id: version })
  const topDigest = digestOf(top.content)
  if (reference.digest !== undefined && reference.digest !== topDigest) {
    throw new BerthError('INVALID_ARGUMENT', `manifest digest is ${topDigest}, expected ${reference.digest}`)
  }
  const found = await selectManifest(client, top, reference, options)
  const config = await client.document(found.manifest.config.digest, options.signal)
  verifyDocument(config, found.manifest.config)
  const document = parseImageDocument(config)
  requireOs(document)
  await pullLayers(store, client, found.manifest, document, options)
  await store.blobs.put(config)
  const manifest = await store.blobs.put(found.content)
  const image: StoredImage = {
    id: found.manifest.config.digest,
    manifestDigest: manifest.digest,
    manifestSize: manifest.size,
    manifest: found.manifest,
    document,
  }
  const isKnown = store.catalog.findByName(fullName(reference))?.id === image.id
  const { tag: _tag, ...untagged } = reference
  await store.catalog.put(image, [fullName(reference), fullName({ ...untagged, digest: topDigest })], options.now())
  options.onProgress({ status: `Digest: ${topDigest}` })
  const shown = familiarName(reference)
  const outcome = isKnown ? `Image is up to date for ${shown}` : `Downloaded newer image for ${shown}`
  options.onProgress({ status: `Status: ${outcome}` })
  warnOfPlatform(shown, document, options)
  return image
}

/** An image without an index is taken whatever it is made for; dockerd's words. */
function warnOfPlatform(shown: string, document: ImageDocument, { platform, onProgress }: PullOptions): void {
  if (platform === undefined) return
  const made = normalisePlatform(document)
  const isWanted =
    platform.os === made.os &&
    platform.architecture === made.architecture &&
    (platform.variant === undefined || platform.variant === made.variant)
  if (isWanted) return
  const actual = formatPlatform(document)
  onProgress({
    status: `WARNING: image with reference ${shown} was found but does not match the specified platform: wanted ${formatPlatform(platform)}, actual: ${actual}`,
  })
}
