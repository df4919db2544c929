import { BerthError } from '../../schemas/errors.ts'
import { type ImageDocument, type Manifest, mediaTypes } from './oci.ts'
import { hostPlatform } from './platform.ts'

/** Of old registries' too, which did not say what a configuration was. */
const configTypes: readonly string[] = [mediaTypes.config, mediaTypes.dockerConfig, 'application/octet-stream', '']
const layerType =
  /^application\/vnd\.(?:docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.gzip|\.zstd)?|oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+gzip|\+zstd)?)$/

/** A manifest may describe anything (charts, signatures, encrypted layers): INVALID_ARGUMENT, with dockerd's words, for what no container starts from. */
export function requireImage(manifest: Manifest, what: string): void {
  const { config, layers } = manifest
  const unknown = configTypes.includes(config.mediaType)
    ? layers.find(layer => !layerType.test(layer.mediaType))?.mediaType
    : config.mediaType
  if (unknown === undefined) return
  const kind = manifest.artifactType === undefined ? '' : ` (${manifest.artifactType})`
  throw new BerthError('INVALID_ARGUMENT', `unsupported media type ${unknown}`, {
    hint: `${what} is no image that containers can start from but something else that is kept in registries${kind}`,
  })
}

/** Layers that a registry must not pass on: they come from where the manifest says, and are never pushed. */
export function isForeign(layerMediaType: string): boolean {
  return layerMediaType.includes('.foreign.') || layerMediaType.includes('.nondistributable.')
}

export function requireOs({ os }: ImageDocument): void {
  if (os === hostPlatform.os || os === '') return
  throw new BerthError(
    'INVALID_ARGUMENT',
    `image operating system "${os}" cannot be used on this platform: operating system is not supported`,
  )
}
