/**
 * berthd <-> a layer worker (one connection, one job, then it exits). The worker runs in a private mount namespace whose root is the target,
 * so that no name, link or race in an archive can reach outside. It has no network.
 */
export type LayerRequest =
  /**
   * Unpacks a tar, plain or compressed with gzip or zstd (told apart by magic), into the empty directory `target`.
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
  | { readonly op: 'pack'; readonly id: number; readonly source: string; readonly whiteouts: 'overlay' | 'none' }
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
  /** Removes a tree, the target itself included. ok: {entries}; also when there is none. */
  | { readonly op: 'remove'; readonly id: number; readonly target: string }

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
}
