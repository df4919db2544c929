/**
 * berthd <-> a layer worker (one connection, one job, then it exits). The worker runs in a private mount namespace whose root is the target,
 * so that no name, link or race in an archive can reach outside. It has no network.
 */
export type LayerRequest =
  /**
   * Unpacks a tar, plain or compressed with gzip or zstd (told apart by magic; what is no layer also with xz or bzip2), into the empty directory `target`.
   * The bytes come from `source` (a range of a file on the host, opened before the worker shuts itself in), or, without it, follow the request
   * frame until the half-close. With `whiteouts: overlay`, `.wh.` entries become overlay's (char device 0/0; opaque: trusted.overlay.opaque=y);
   * with `none` they are ordinary files.
   * ok: UnpackResult. Refused (stage 'archive'): entries that leave the root, limits passed, malformed archives; the message names the entry.
   * The target is then left for the caller to remove.
   */
  | {
      readonly op: 'unpack'
      readonly id: number
      readonly target: string
      readonly source?: LayerSource
      readonly maxBytes: number
      readonly maxEntries: number
      readonly whiteouts: 'overlay' | 'none'
    }
  /**
   * Writes a tar of `source`'s content to the connection after an `ok: {}` frame, then half-closes; `whiteouts: overlay` turns overlay's whiteouts
   * into .wh. entries. Names are sorted, so that the same tree gives the same bytes. The stream ends without the two zero blocks of a tar when
   * reading failed on the way.
   */
  | {
      readonly op: 'pack'
      readonly id: number
      readonly source: string
      readonly whiteouts: 'overlay' | 'none'
      /** Paths below `source` that are left out where they are empty files or folders: what a runtime makes to mount something at. */
      readonly without?: readonly string[]
    }
  /**
   * Copies the content of `source` below `subpath` as it shows through the overlay of `lower` (top-most first) into the existing directory
   * `target`, owner and mode of the folder itself included. ok: {entries}; entries 0 when there is no such folder.
   */
  | {
      readonly op: 'copyUp'
      readonly id: number
      readonly lower: readonly string[]
      readonly subpath: string
      readonly target: string
    }
  /**
   * Mounts a file system on the existing folder `target` of the host, with mount(2): `options` as in fstab, `bind` and `rbind` included. Something
   * that is mounted there already stays. ok: {}. Stage 'mount' with the kernel's errno.
   */
  | {
      readonly op: 'mount'
      readonly id: number
      readonly type: string
      readonly source: string
      readonly target: string
      readonly options?: readonly string[]
    }
  /** Unmounts `target`; processes that use it keep it until they end. ok: {}, also when nothing is mounted there. */
  | { readonly op: 'unmount'; readonly id: number; readonly target: string }
  /** Removes a tree, the target itself included. ok: {entries}; also when there is none. */
  | { readonly op: 'remove'; readonly id: number; readonly target: string }
  /**
   * What the writable layer `target` changes in the layers `lower` (top-most first). After `ok: {}` come records, each a letter, a text and a NUL:
   * A added, C changed, D deleted, S a folder that is as before, each with a path; at last E with the bytes of the layer's files. No E: reading failed.
   */
  | { readonly op: 'changes'; readonly id: number; readonly target: string; readonly lower: readonly string[] }
  /** ok: PathStatus of a path in a container. Fails with errno ENOENT, ENOTDIR, ... */
  | ({ readonly op: 'stat'; readonly id: number } & PathRequest)
  /** ok: PathStatus, then the tar of the path, its first entry called `name` (empty: only what is in the folder), as `pack` writes it. */
  | ({ readonly op: 'packPath'; readonly id: number; readonly name: string } & PathRequest)
  /** Unpacks the tar that follows into the folder `path` of a container. ok: UnpackResult. errno EROFS: it is read-only there. */
  | {
      readonly op: 'unpackPath'
      readonly id: number
      readonly view: ContainerView
      readonly path: string
      /** A folder and something else do not take each other's place: refused with dockerd's text. */
      readonly keepsKinds: boolean
      /** Whose everything becomes; as the archive says otherwise. */
      readonly owner?: { readonly uid: number; readonly gid: number }
      readonly maxBytes: number
      readonly maxEntries: number
    }

interface PathRequest {
  readonly view: ContainerView
  /** Absolute and clean, inside the container. */
  readonly path: string
  /** A symbolic link as last component is followed. */
  readonly follows: boolean
}

/** A container's file system as its own processes see it; links lead nowhere outside. */
export type ContainerView = {
  /** False: the root file system without anything mounted in it. */
  readonly hasMounts: boolean
} & (
  | { readonly running: { readonly pid: number /** A component of its cgroup's path. */; readonly cgroup: string } }
  | {
      readonly layers: {
        readonly lower: readonly string[]
        readonly upper: string
        readonly work: string
        readonly isReadOnly: boolean
        /** In order of mounting; missing mount points are made. */
        readonly mounts: readonly { readonly source: string; readonly target: string; readonly isReadOnly: boolean }[]
      }
    }
)

export interface PathStatus {
  /** st_mode. */
  readonly mode: number
  readonly size: number
  readonly modifiedSeconds: number
  readonly modifiedNanoseconds: number
  /** Of a symbolic link: where it ends inside the container, as far as that exists. */
  readonly target: string
}

export interface LayerSource {
  readonly path: string
  readonly offset: number
  /** Bytes; to the end of the file when absent. */
  readonly length?: number
}

/** Digests as `sha256:<hex>`. */
export interface UnpackResult {
  /** Of the bytes as they came. */
  readonly digest: string
  readonly sourceBytes: number
  /** Of the uncompressed tar. */
  readonly diffId: string
  readonly bytes: number
  readonly entries: number
  /** Of all files, as docker counts the size of a layer. */
  readonly contentBytes: number
}
