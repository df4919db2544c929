import * as z from 'zod/mini'

/**
 * Documents of the OCI image specification (and Docker's schema 2, which has the same members) as far as the engine reads them.
 * They come from strangers: each is parsed here before anything else looks at it.
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.0 config.md, manifest.md, image-index.md, descriptor.md.
 */

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const

/** The only digest algorithm that the store keeps. */
export const Digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/))

const optionalList = z.optional(z.nullable(z.array(z.string())))
const optionalSet = z.optional(z.nullable(z.record(z.string(), z.unknown())))

/** Go writes durations as nanoseconds. */
export const Healthcheck = z.object({
  Test: optionalList,
  Interval: z.optional(z.number()),
  Timeout: z.optional(z.number()),
  StartPeriod: z.optional(z.number()),
  StartInterval: z.optional(z.number()),
  Retries: z.optional(z.number()),
})

export const ImageConfig = z.object({
  User: z.optional(z.string()),
  ExposedPorts: optionalSet,
  Env: optionalList,
  Entrypoint: optionalList,
  Cmd: optionalList,
  Volumes: optionalSet,
  WorkingDir: z.optional(z.string()),
  Labels: z.optional(z.nullable(z.record(z.string(), z.string()))),
  StopSignal: z.optional(z.string()),
  Healthcheck: z.optional(z.nullable(Healthcheck)),
  Shell: optionalList,
  OnBuild: optionalList,
  ArgsEscaped: z.optional(z.boolean()),
})
export type ImageConfig = z.infer<typeof ImageConfig>

export const HistoryEntry = z.object({
  created: z.optional(z.string()),
  created_by: z.optional(z.string()),
  author: z.optional(z.string()),
  comment: z.optional(z.string()),
  empty_layer: z.optional(z.boolean()),
})

export const ImageDocument = z.object({
  created: z.optional(z.nullable(z.string())),
  author: z.optional(z.string()),
  architecture: z.string(),
  variant: z.optional(z.string()),
  os: z.string(),
  'os.version': z.optional(z.string()),
  config: z.optional(z.nullable(ImageConfig)),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.nullable(z.array(Digest)) }),
  history: z.optional(z.nullable(z.array(HistoryEntry))),
})
export type ImageDocument = z.infer<typeof ImageDocument>

export const Platform = z.object({
  architecture: z.string(),
  os: z.string(),
  variant: z.optional(z.string()),
  'os.version': z.optional(z.string()),
})
export type Platform = z.infer<typeof Platform>

export const Descriptor = z.object({
  mediaType: z.string(),
  digest: Digest,
  size: z.number().check(z.nonnegative(), z.int()),
  annotations: z.optional(z.nullable(z.record(z.string(), z.string()))),
  platform: z.optional(z.nullable(Platform)),
  /** Where a layer that registries may not pass on can be had. */
  urls: z.optional(z.nullable(z.array(z.string()))),
  artifactType: z.optional(z.string()),
})
export type Descriptor = z.infer<typeof Descriptor>

export const Manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.optional(z.string()),
  artifactType: z.optional(z.string()),
  config: Descriptor,
  layers: z.array(Descriptor),
  annotations: z.optional(z.nullable(z.record(z.string(), z.string()))),
})
export type Manifest = z.infer<typeof Manifest>

export const Index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.optional(z.string()),
  manifests: z.array(Descriptor),
  annotations: z.optional(z.nullable(z.record(z.string(), z.string()))),
})
export type Index = z.infer<typeof Index>
