/** One mount that a container asks for, after its image's `Volumes` were merged in. `target` is an absolute, clean path inside the container. */
export type MountRequest =
  | {
      readonly kind: 'volume'
      /** Empty: an anonymous volume is made. */
      readonly name: string
      readonly target: string
      readonly isReadOnly: boolean
      /** Do not copy the image's content at `target` into an empty volume. */
      readonly noCopy?: boolean
      readonly subpath?: string
      readonly driver?: string
      readonly driverOptions?: Readonly<Record<string, string>>
      readonly labels?: Readonly<Record<string, string>>
      readonly propagation?: string
    }
  | {
      readonly kind: 'bind'
      readonly source: string
      readonly target: string
      readonly isReadOnly: boolean
      readonly propagation?: string
      /** Make the source directory when it is missing (`-v` does, `--mount type=bind` does not unless told). */
      readonly createsSource: boolean
      readonly isRecursive?: boolean
    }

/** What the runtime mounts, and what `inspect` shows under Mounts. */
export interface ResolvedMount {
  readonly kind: 'volume' | 'bind'
  /** Volume name; absent for binds. */
  readonly name?: string
  /** Absolute path on the host to bind from (the subpath applied). */
  readonly source: string
  readonly target: string
  readonly isReadOnly: boolean
  readonly propagation: string
  readonly isRecursive: boolean
  readonly driver?: string
}

/** What the containers' side needs from volumes. */
export interface ContainerVolumes {
  /**
   * At create: makes the volumes that do not exist yet and records `containerId` as their user. Volume names come back filled in
   * (anonymous ones too), so that the container's record holds them; binds pass through. Undone by `release`.
   */
  reserve(containerId: string, mounts: readonly MountRequest[]): Promise<readonly MountRequest[]>
  /**
   * At every start: mount sources in the order given. `imageLower` (top-most first) is where an empty volume's first content is copied from.
   * Throws BerthError INVALID_ARGUMENT `bind source path does not exist: /x` as dockerd does.
   */
  prepare(
    containerId: string,
    mounts: readonly MountRequest[],
    imageLower: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly ResolvedMount[]>
  /** At remove. `removeAnonymous` is `docker rm -v`. */
  release(containerId: string, options?: { readonly removeAnonymous?: boolean }): Promise<void>
  /** At the daemon's start, for every container on record. */
  adopt(containerId: string, mounts: readonly MountRequest[]): void
}
