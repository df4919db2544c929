import { basename } from 'node:path'
import { digestOf } from '../registry/distribution.ts'

/** Media types and annotations of Compose 2.40's artifacts (docker/compose, internal/oci). */
export const artifactTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  project: 'application/vnd.docker.compose.project',
  file: 'application/vnd.docker.compose.file+yaml',
  envFile: 'application/vnd.docker.compose.envfile',
  /** What an artifact of OCI 1.0 has in place of an artifact type. */
  oldConfig: 'application/vnd.docker.compose.config.empty.v1+json',
  emptyConfig: 'application/vnd.oci.empty.v1+json',
} as const

export const annotations = {
  file: 'com.docker.compose.file',
  envFile: 'com.docker.compose.envfile',
  extends: 'com.docker.compose.extends',
  version: 'com.docker.compose.version',
} as const

/** A file of a published stack: one that is merged, one that services extend, or one of variables. */
export interface StackLayer {
  readonly kind: 'file' | 'extended' | 'env'
  /** Name of the file in the artifact; others of its files refer to it. */
  readonly name: string
  readonly content: Buffer
}

export const emptyConfig = Buffer.from('{}')

/** The manifest of a published stack. `created` is RFC 3339; `ociVersion` 1.0 is for registries that know no artifact types. */
export function artifactManifest(
  layers: readonly StackLayer[],
  {
    created,
    version,
    ociVersion,
  }: { readonly created: string; readonly version: string; readonly ociVersion: '1.0' | '1.1' },
): Buffer {
  const isOld = ociVersion === '1.0'
  const manifest = {
    schemaVersion: 2,
    mediaType: artifactTypes.manifest,
    ...(isOld ? {} : { artifactType: artifactTypes.project }),
    config: descriptor(isOld ? artifactTypes.oldConfig : artifactTypes.emptyConfig, emptyConfig),
    layers: layers.map(layer => ({
      ...descriptor(layer.kind === 'env' ? artifactTypes.envFile : artifactTypes.file, layer.content),
      annotations: layerAnnotations(layer, version),
    })),
    annotations: { 'org.opencontainers.image.created': created },
  }
  return Buffer.from(JSON.stringify(manifest))
}

function layerAnnotations({ kind, name }: StackLayer, version: string): Readonly<Record<string, string>> {
  return {
    ...(kind === 'extended' ? { [annotations.extends]: 'true' } : {}),
    [kind === 'env' ? annotations.envFile : annotations.file]: basename(name),
    [annotations.version]: version,
  }
}

function descriptor(mediaType: string, content: Buffer): object {
  return { mediaType, digest: digestOf(content), size: content.length, data: content.toString('base64') }
}
