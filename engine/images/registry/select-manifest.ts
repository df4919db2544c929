import { BerthError } from '../../../schemas/errors.ts'
import { formatPlatform } from '../../../schemas/platform.ts'
import { verifyDocument } from '../blobs.ts'
import { parseByMembers } from '../documents.ts'
import { hostPlatforms } from '../host-platforms.ts'
import { requireImage } from '../image-types.ts'
import type { Manifest, Platform } from '../oci.ts'
import { hostPlatform, platformsRunBy, selectPlatform } from '../platform.ts'
import { familiarName, type Reference } from '../reference.ts'
import type { FetchedDocument, RegistryClient } from './client.ts'

/** Indexes inside indexes. */
const maxDepth = 3

export interface FoundManifest {
  readonly content: Buffer
  readonly manifest: Manifest
}

/** Follows indexes to the manifest for the platform. */
export async function selectManifest(
  client: RegistryClient,
  top: FetchedDocument,
  reference: Reference,
  options: { readonly platform?: Platform; readonly signal: AbortSignal },
): Promise<FoundManifest> {
  const platforms = options.platform === undefined ? hostPlatforms() : platformsRunBy(options.platform)
  let fetched = top
  for (let depth = 0; depth <= maxDepth; depth++) {
    const document = parseByMembers(fetched.content, fetched.mediaType, familiarName(reference))
    if (document.kind === 'manifest') {
      requireImage(document.manifest, familiarName(reference))
      return { content: fetched.content, manifest: document.manifest }
    }
    const selected = selectPlatform(document.index.manifests, platforms)
    if (selected === undefined) {
      throw new BerthError(
        'NOT_FOUND',
        `no matching manifest for ${formatPlatform(options.platform ?? hostPlatform)} in the manifest list entries of ${familiarName(reference)}`,
      )
    }
    fetched = await client.manifest(selected.digest, options.signal)
    verifyDocument(fetched.content, selected)
  }
  throw new BerthError('INVALID_ARGUMENT', `the indexes of ${familiarName(reference)} are nested too deeply`)
}
