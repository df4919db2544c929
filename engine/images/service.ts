import type { ImageConfig } from './oci.ts'

/** What a container needs to know about its image. Nothing here changes after it was resolved. */
export interface ResolvedImage {
  /** `sha256:<64 hex>` of the image's config; for `rootfs:` images a digest of the path. */
  readonly id: string
  /** As the user wrote it, normalised: `docker.io/library/busybox:latest`, `rootfs:/`, `docker-archive:/x.tar`. */
  readonly reference: string
  /** The `config` member of the OCI image configuration (Env, Cmd, Entrypoint, Volumes, ...). */
  readonly config: ImageConfig
  /** Absolute directories of the read-only layers, top-most first, as overlay's `lower` wants them. */
  readonly lower: readonly string[]
  /** Set for `rootfs:/path`: the one lower layer is this directory of the host. */
  readonly hostTree?: string
}

/** Keeps an image from being removed. `isRunning` is asked when somebody tries. */
export interface ImageUser {
  readonly containerId: string
  readonly isRunning: () => boolean
}

/** What the containers' side needs from images. */
export interface ContainerImages {
  /**
   * Finds the image of `reference` (name, id, id prefix, name@digest, or a transport such as `docker-archive:/abs/path.tar`, which is loaded on demand).
   * Throws BerthError NOT_FOUND `No such image: x` as dockerd does.
   */
  resolve(reference: string, options?: { readonly signal?: AbortSignal }): Promise<ResolvedImage>
  /** Registers a user (at create, and for every container on record at the daemon's start). Idempotent per container. */
  use(imageId: string, user: ImageUser): void
  release(imageId: string, containerId: string): void
}
