import { BerthError } from '../../schemas/errors.ts'
import type { OciIdMapping } from '../../schemas/runtime/oci.ts'

/** Ids from `first` on; the same for users and groups. */
export interface IdRange {
  readonly first: number
  readonly count: number
}

/** Ids of one container with `auto`: what Linux distributions give a user, and enough for `nobody`. */
export const autoCount = 65_536

/** Where ranges come from when the host names none: far above what distributions give to people, below 2^31. */
export const defaultPool: IdRange = { first: 1_000_000_000, count: 800_000_000 }

/**
 * Ranges of ids that are in use, by container. Synchronous, so that two creates cannot get the same one; what is kept in the containers' records is
 * told again by `hold` when the daemon starts.
 */
export class IdRanges {
  readonly #pools: readonly IdRange[]
  /** In nobody's pool, though inside of ours: other people's lines in /etc/subuid. */
  readonly #foreign: readonly IdRange[]
  readonly #held = new Map<string, readonly IdRange[]>()

  constructor(pools: readonly IdRange[], foreign: readonly IdRange[] = []) {
    this.#pools = pools
    this.#foreign = foreign
  }

  /** The lowest range that is free, held for `owner` until `release`. Throws CONFLICT when there is none. */
  allocate(owner: string, count = autoCount): IdRange {
    const taken = [...this.#foreign, ...[...this.#held.values()].flat()].sort((a, b) => a.first - b.first)
    for (const pool of this.#pools) {
      let first = pool.first
      for (const range of taken) if (overlaps(range, { first, count })) first = range.first + range.count
      if (first + count > pool.first + pool.count) continue
      const found = { first, count }
      this.#held.set(owner, [found])
      return found
    }
    throw new BerthError('CONFLICT', `no range of ${count} user and group ids is free for another user namespace`, {
      hint: 'remove containers with "userns_mode: auto", or give the user "berth" more ids in /etc/subuid and /etc/subgid',
    })
  }

  /** What a container on record has. */
  hold(owner: string, mappings: readonly OciIdMapping[]): void {
    this.#held.set(
      owner,
      mappings.map(({ hostID, size }) => ({ first: hostID, count: size })),
    )
  }

  release(owner: string): void {
    this.#held.delete(owner)
  }
}

const overlaps = (a: IdRange, b: IdRange): boolean => a.first < b.first + b.count && b.first < a.first + a.count
