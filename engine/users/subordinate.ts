import type { OciIdMapping } from '../../schemas/runtime/oci.ts'

/** One line of /etc/subuid or /etc/subgid: `name:first:count`. */
export interface SubordinateRange {
  readonly owner: string
  readonly first: number
  readonly count: number
}

/** Every well-formed line of the file; others say nothing, as with shadow-utils. */
export function parseSubordinate(text: string): readonly SubordinateRange[] {
  return text.split('\n').flatMap(line => {
    const match = /^([^:#\s]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line)
    if (match === null) return []
    const [, owner = '', first, count] = match
    return Number(count) > 0 ? [{ owner, first: Number(first), count: Number(count) }] : []
  })
}

/** Who looks for ranges: by number first, then by name (moby/sys/user idtools). */
export interface Owner {
  readonly id: number | undefined
  readonly name: string
}

/** The ranges of an owner one after another, from id 0 inside; empty when there are none. */
export function toIdMappings(ranges: readonly SubordinateRange[], owner: Owner): readonly OciIdMapping[] {
  const byNumber = ranges.filter(range => range.owner === String(owner.id))
  const own = byNumber.length > 0 ? byNumber : ranges.filter(range => range.owner === owner.name)
  let inside = 0
  return own.map(({ first, count }) => {
    const mapping = { containerID: inside, hostID: first, size: count }
    inside += count
    return mapping
  })
}
