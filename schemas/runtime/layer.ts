/**
 * berthd <-> a layer worker (one connection, one job, then it exits). The worker runs in a private mount namespace whose root is the target,
 * so that no name, link or race in an archive can reach outside. It has no network.
 */
export type LayerRequest =
  /**
   * After the request frame the archive follows as raw bytes until the half-close: a tar, gzip'ed or zstd'ed (told apart by magic).
   * Whiteouts become overlay whiteouts (char device 0/0; opaque: trusted.overlay.opaque=y).
   * ok: {diffId: 'sha256:…' of the uncompressed tar, bytes: uncompressed size, entries}.
   * Refused (stage 'archive'): entries that leave the root, limits passed, malformed archives; the target is then left for the caller to remove.
   */
  | {
      readonly op: 'unpack'
      readonly id: number
      readonly target: string
      readonly maxBytes: number
      readonly maxEntries: number
      readonly whiteouts: 'overlay' | 'apply'
    }
  /** Writes a tar of `source` to the connection after an `ok: {}` frame; `whiteouts: overlay` turns overlay whiteouts into .wh. files. */
  | { readonly op: 'pack'; readonly id: number; readonly source: string; readonly whiteouts: 'overlay' | 'none' }
  /** Removes a tree (e.g. a container's upper directory) in the background. ok: {entries}. */
  | { readonly op: 'remove'; readonly id: number; readonly target: string }
