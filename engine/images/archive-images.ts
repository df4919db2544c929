import { BerthError } from '../../schemas/errors.ts'
import { formatPlatform } from '../../schemas/platform.ts'
import type { ImageArchive } from './archive.ts'
import { digestOf } from './blobs.ts'
import { ArchiveManifest, parseDocument, parseImageDocument, parseManifestOrIndex } from './documents.ts'
import { hostPlatforms } from './host-platforms.ts'
import { requireImage, requireOs } from './image-types.ts'
import { type Descriptor, type ImageDocument, Index, type Manifest } from './oci.ts'
import { hostPlatform, selectPlatform } from './platform.ts'
import { fullName, parseReference, withDefaultTag } from './reference.ts'

/** One image that an archive holds, its documents read and checked, its layers not touched yet. */
export interface ArchiveImage {
  readonly config: Buffer
  readonly document: ImageDocument
  /** Present when the archive is OCI: stored as it is, so that the digest stays. */
  readonly manifest?: { readonly content: Buffer; readonly parsed: Manifest }
  readonly layers: readonly ArchiveLayer[]
  /** Full names, normalised. */
  readonly names: readonly string[]
  /** What the archive itself calls it, for picking one by name. */
  readonly labels: readonly string[]
}

export interface ArchiveLayer {
  /** In the archive. */
  readonly name: string
  readonly diffId: string
  /** What an OCI manifest promises. */
  readonly descriptor?: Descriptor
}

/** Indexes inside indexes. */
const maxIndexDepth = 4
/** overlayfs takes 500 layers. */
const maxLayers = 500

/** Lists the images of a docker-archive (`manifest.json`) or an OCI layout (`index.json`). Throws INVALID_ARGUMENT when it is neither. */
export async function readArchiveImages(archive: ImageArchive): Promise<readonly ArchiveImage[]> {
  const dockerManifest = await archive.readDocument('manifest.json')
  if (dockerManifest !== undefined) return readDockerArchive(archive, dockerManifest)
  const index = await archive.readDocument('index.json')
  if (index !== undefined) return readLayout(archive, index)
  throw new BerthError('INVALID_ARGUMENT', 'the archive is no image: it has neither manifest.json nor index.json')
}

/** The one image that a transport reference means. */
export function pickImage(images: readonly ArchiveImage[], name: string | undefined, where: string): ArchiveImage {
  const labels = images.flatMap(image => image.labels)
  if (name === undefined) {
    const [only] = images
    if (images.length === 1 && only !== undefined) return only
    throw new BerthError(
      'INVALID_ARGUMENT',
      `${where} holds ${images.length} images: ${labels.join(', ') || 'unnamed'}`,
      {
        hint: 'name one after the path, separated by a colon',
      },
    )
  }
  const found = images.find(image => image.labels.includes(name)) ?? images.find(image => isNamed(image, name))
  if (found !== undefined) return found
  throw new BerthError('NOT_FOUND', `${where} has no image "${name}"; it has: ${labels.join(', ') || 'an unnamed one'}`)
}

function isNamed(image: ArchiveImage, name: string): boolean {
  return image.names.includes(fullNameOf(name) ?? '')
}

async function readDockerArchive(archive: ImageArchive, content: Buffer): Promise<ArchiveImage[]> {
  const entries = parseDocument(ArchiveManifest, content, 'manifest.json')
  return Promise.all(
    entries.map(async entry => {
      const config = await archive.readDocument(entry.Config)
      if (config === undefined) throw new BerthError('INVALID_ARGUMENT', `the archive has no ${entry.Config}`)
      const promised = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(entry.Config)?.[1]
      if (promised !== undefined && digestOf(config) !== `sha256:${promised}`) {
        throw new BerthError('INVALID_ARGUMENT', `the configuration ${entry.Config} does not match its digest`)
      }
      const labels = entry.RepoTags ?? []
      return assemble(config, entry.Layers ?? [], labels, labels)
    }),
  )
}

async function readLayout(archive: ImageArchive, content: Buffer): Promise<ArchiveImage[]> {
  const index = parseDocument(Index, content, 'index.json')
  const images = await Promise.all(
    index.manifests.map(async descriptor => {
      const found = await readDescriptor(archive, descriptor, 0)
      return found === undefined ? undefined : readManifest(archive, found, descriptor)
    }),
  )
  const present = images.filter(image => image !== undefined)
  if (present.length > 0) return present
  throw new BerthError('INVALID_ARGUMENT', `the archive has no image for ${formatPlatform(hostPlatform)}`)
}

interface FoundManifest {
  readonly content: Buffer
  readonly parsed: Manifest
}

/** Follows a descriptor to a manifest for this host; undefined when it is for another platform. */
async function readDescriptor(
  archive: ImageArchive,
  descriptor: Descriptor,
  depth: number,
): Promise<FoundManifest | undefined> {
  if (depth > maxIndexDepth) throw new BerthError('INVALID_ARGUMENT', 'the archive’s indexes are nested too deeply')
  if (selectPlatform([descriptor], hostPlatforms()) === undefined) return undefined
  const content = await archive.readDocument(blobName(descriptor.digest))
  if (content === undefined) throw new BerthError('INVALID_ARGUMENT', `the archive has no blob ${descriptor.digest}`)
  const document = parseManifestOrIndex(content, descriptor)
  if (document.kind === 'manifest') {
    requireImage(document.manifest, descriptor.digest)
    return { content, parsed: document.manifest }
  }
  const selected = selectPlatform(document.index.manifests, hostPlatforms())
  return selected === undefined ? undefined : readDescriptor(archive, selected, depth + 1)
}

async function readManifest(archive: ImageArchive, manifest: FoundManifest, named: Descriptor): Promise<ArchiveImage> {
  const { config: descriptor, layers } = manifest.parsed
  const config = await archive.readDocument(blobName(descriptor.digest))
  if (config === undefined) throw new BerthError('INVALID_ARGUMENT', `the archive has no blob ${descriptor.digest}`)
  if (digestOf(config) !== descriptor.digest) {
    throw new BerthError('INVALID_ARGUMENT', `the image configuration does not match its digest ${descriptor.digest}`)
  }
  const label = named.annotations?.['org.opencontainers.image.ref.name']
  const name = named.annotations?.['io.containerd.image.name'] ?? (/[:/]/.test(label ?? '') ? label : undefined)
  const image = assemble(
    config,
    layers.map(layer => blobName(layer.digest)),
    label === undefined ? [] : [label],
    name === undefined ? [] : [name],
  )
  return {
    ...image,
    manifest,
    layers: image.layers.map((layer, i) => {
      const promised = layers[i]
      return promised === undefined ? layer : { ...layer, descriptor: promised }
    }),
  }
}

function assemble(
  config: Buffer,
  layerNames: readonly string[],
  labels: readonly string[],
  names: readonly string[],
): ArchiveImage {
  const document = parseImageDocument(config)
  requireOs(document)
  const diffIds = document.rootfs.diff_ids ?? []
  if (diffIds.length !== layerNames.length) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `the image has ${layerNames.length} layers, but its configuration names ${diffIds.length}`,
    )
  }
  if (diffIds.length > maxLayers) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `the image has ${diffIds.length} layers; at most ${maxLayers} can be mounted`,
    )
  }
  return {
    config,
    document,
    layers: layerNames.map((name, i) => ({ name, diffId: diffIds[i] ?? '' })),
    labels,
    names: names.flatMap(name => fullNameOf(name) ?? []),
  }
}

/** Undefined for what is no valid name: an image keeps its content even when it is called something odd. */
function fullNameOf(name: string): string | undefined {
  try {
    return fullName(withDefaultTag(parseReference(name)))
  } catch {
    return undefined
  }
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}
