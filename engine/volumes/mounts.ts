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
      /** The modes as the client wrote them, for inspect. */
      readonly mode?: string
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
      /** With a user namespace: show the owners on the disk as ids of the container. */
      readonly isIdmapped?: boolean
      /** Read-only is the mount alone, not what is mounted below its source. */
      readonly isFlatReadOnly?: boolean
      readonly mode?: string
    }
  | ImageMountRequest

/** An image as a read-only folder. */
export interface ImageMountRequest {
  readonly kind: 'image'
  /** As the client named it. */
  readonly reference: string
  /** Filled in at create. */
  readonly imageId: string
  readonly target: string
  /** Always true. */
  readonly isReadOnly: boolean
  readonly subpath?: string
  readonly mode?: string
}

/** What the runtime mounts, and what `inspect` shows under Mounts. */
export interface ResolvedMount {
  readonly kind: 'volume' | 'bind' | 'image'
  /** Name of the volume or image; absent for binds. */
  readonly name?: string
  /** Absolute path on the host to bind from (the subpath applied). */
  readonly source: string
  readonly target: string
  readonly isReadOnly: boolean
  readonly propagation: string
  readonly isRecursive: boolean
  readonly isIdmapped?: boolean
  readonly isFlatReadOnly?: boolean
  readonly driver?: string
}
