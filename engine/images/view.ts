import type { ImageConfig, ImageHistoryItem, ImageInspect, ImageSummary } from '../../schemas/api/images.ts'
import { descriptorOf, type StoredImage } from './catalog.ts'
import type { HostTree } from './host-tree.ts'
import { shown } from './load.ts'
import { repositoryOf } from './lookup.ts'
import type { ImageDocument, ImageConfig as StoredConfig } from './oci.ts'
import { familiarRepository, parseReference } from './reference.ts'
import type { ImageStore } from './store.ts'

/** Entry of GET /images/json. */
export function summarise(store: ImageStore, image: StoredImage, containers: number, sharedSize = -1): ImageSummary {
  const { tags, digests } = namesOf(store, image)
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: tags,
    RepoDigests: digests,
    Created: unixSeconds(image.document.created),
    Size: imageBytes(store, image),
    SharedSize: sharedSize,
    Labels: image.document.config?.Labels ?? null,
    Containers: containers,
  }
}

/** GET /images/{name}/json */
export function inspectImage(store: ImageStore, image: StoredImage): ImageInspect {
  const { tags, digests } = namesOf(store, image)
  const lastTagged = store.catalog.lastTagged(image.id)
  return {
    Id: image.id,
    Descriptor: withoutAbsent(descriptorOf(image)),
    RepoTags: tags,
    RepoDigests: digests,
    ...describe(image.document),
    Size: imageBytes(store, image),
    GraphDriver: { Name: 'overlayfs', Data: null },
    Metadata: lastTagged === undefined ? {} : { LastTagTime: lastTagged },
  }
}

/** The same for a directory of the host. */
export function inspectHostTree(tree: HostTree): ImageInspect {
  return {
    Id: tree.id,
    RepoTags: [tree.reference],
    RepoDigests: [],
    ...describe(tree.document),
    Size: 0,
    GraphDriver: { Name: 'host', Data: { LowerDir: tree.path } },
    Metadata: {},
  }
}

/** GET /images/{name}/history, newest first. */
export function historyOf(store: ImageStore, image: StoredImage): ImageHistoryItem[] {
  const diffIds = [...(image.document.rootfs.diff_ids ?? [])]
  const items = (image.document.history ?? []).map(entry => {
    const diffId = entry.empty_layer === true ? undefined : diffIds.shift()
    return {
      Id: '<missing>',
      Created: unixSeconds(entry.created),
      CreatedBy: entry.created_by ?? '',
      Tags: null,
      Size: diffId === undefined ? 0 : (store.layers.info(diffId)?.contentBytes ?? 0),
      Comment: entry.comment ?? '',
    }
  })
  const [newest, ...older] = items.reverse()
  if (newest === undefined) return []
  const { tags } = namesOf(store, image)
  return [{ ...newest, Id: image.id, Tags: tags.length === 0 ? null : tags }, ...older]
}

/** Bytes of the files of all layers. */
export function imageBytes(store: ImageStore, image: StoredImage): number {
  return bytesOf(store, image.document.rootfs.diff_ids ?? [])
}

/** Bytes of the files of these layers. */
export function bytesOf(store: ImageStore, diffIds: readonly string[]): number {
  return diffIds.reduce((sum, diffId) => sum + (store.layers.info(diffId)?.contentBytes ?? 0), 0)
}

/** Familiar names: `busybox:latest`, and `busybox@sha256:…` for names that were given with a digest. */
export function namesOf(
  store: ImageStore,
  image: StoredImage,
): { readonly tags: string[]; readonly digests: string[] } {
  const names = store.catalog.names(image.id)
  return {
    tags: names.filter(name => !name.includes('@')).map(shown),
    digests: names.filter(name => name.includes('@')).map(shown),
  }
}

/** `docker.io/library/busybox:1` -> `busybox`. */
export function repositoryShown(name: string): string {
  return familiarRepository(parseReference(repositoryOf(name)))
}

function describe(document: ImageDocument) {
  const history = document.history ?? []
  return {
    Parent: '',
    Comment: history.at(-1)?.comment ?? '',
    ...(document.created ? { Created: document.created } : {}),
    DockerVersion: '',
    Author: document.author ?? '',
    Config: toApiConfig(document.config ?? {}),
    Architecture: document.architecture,
    ...(document.variant === undefined ? {} : { Variant: document.variant }),
    Os: document.os,
    ...(document['os.version'] === undefined ? {} : { OsVersion: document['os.version'] }),
    RootFS: { Type: 'layers', Layers: document.rootfs.diff_ids ?? [] },
  }
}

/** Members that are null in the stored document are left out, except those that dockerd always shows. */
function toApiConfig(config: StoredConfig): ImageConfig {
  const present = Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== null),
  )
  const always = { Cmd: null, Entrypoint: null, Env: null, Labels: null, OnBuild: null, User: '', Volumes: null }
  return { ...always, WorkingDir: '', ...present } as ImageConfig
}

function withoutAbsent(descriptor: ReturnType<typeof descriptorOf>): NonNullable<ImageInspect['Descriptor']> {
  const { mediaType, digest, size } = descriptor
  return { mediaType, digest, size }
}

function unixSeconds(time: string | null | undefined): number {
  const ms = time === null || time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000)
}
