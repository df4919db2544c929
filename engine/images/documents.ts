import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import { verifyDocument } from './blobs.ts'
import { type Descriptor, ImageDocument, Index, Manifest, mediaTypes } from './oci.ts'

/** `manifest.json` of a docker-archive. */
export const ArchiveManifest = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z.optional(z.nullable(z.array(z.string()))),
    Layers: z.nullable(z.array(z.string())),
  }),
)

/** Parses a stranger's JSON; INVALID_ARGUMENT says which document and what is wrong in it. */
export function parseDocument<T>(schema: z.ZodMiniType<T>, content: Buffer, what: string): T {
  let value: unknown
  try {
    value = JSON.parse(content.toString('utf8'))
  } catch (cause) {
    throw new BerthError('INVALID_ARGUMENT', `${what} is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.map(String).join('.')})`
  throw new BerthError('INVALID_ARGUMENT', `${what} is not valid${where}: ${issue?.message ?? 'unexpected content'}`)
}

export function parseImageDocument(content: Buffer): ImageDocument {
  return parseDocument(ImageDocument, content, 'the image configuration')
}

/**
 * Reads what a descriptor points to, once it is proven to be that. One document must not be readable both as an index and as a manifest
 * (GHSA-77vh-xpmg-72qh): what the members say has to agree with the descriptor's media type.
 */
export function parseManifestOrIndex(
  content: Buffer,
  descriptor: Descriptor,
): { kind: 'index'; index: Index } | { kind: 'manifest'; manifest: Manifest } {
  verifyDocument(content, descriptor)
  return parseByMembers(content, descriptor.mediaType, descriptor.digest)
}

/** Types of servers and proxies that do not know what they send: then the document's own word counts. */
const isVague = (mediaType: string): boolean =>
  ['', 'application/json', 'application/octet-stream', 'text/plain'].includes(mediaType)

function schemaOne(what: string): BerthError {
  return new BerthError(
    'INVALID_ARGUMENT',
    `${what} is an image of Docker's schema 1, which is not supported any more`,
    {
      hint: 'push it again with a tool of today, or copy it with skopeo copy --format v2s2',
    },
  )
}

/** The same for a document whose type is only told by whoever sent it. */
export function parseByMembers(
  content: Buffer,
  mediaType: string,
  what: string,
): { kind: 'index'; index: Index } | { kind: 'manifest'; manifest: Manifest } {
  const members = parseDocument(z.record(z.string(), z.unknown()), content, what)
  const isIndex = 'manifests' in members
  const isManifest = 'layers' in members || 'config' in members
  const says = typeof members['mediaType'] === 'string' ? members['mediaType'] : mediaType
  if (members['schemaVersion'] === 1) throw schemaOne(what)
  const isIndexType = says === mediaTypes.index || says === mediaTypes.dockerIndex
  const isManifestType = says === mediaTypes.manifest || says === mediaTypes.dockerManifest
  if (
    isIndex === isManifest ||
    (says !== mediaType && !isVague(mediaType)) ||
    (isIndex ? !isIndexType : !isManifestType)
  ) {
    throw new BerthError('INVALID_ARGUMENT', `${what} is neither a plain image manifest nor an index (${mediaType})`)
  }
  return isIndex
    ? { kind: 'index', index: parseDocument(Index, content, what) }
    : { kind: 'manifest', manifest: parseDocument(Manifest, content, what) }
}
