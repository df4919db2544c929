import type { ProgressEvent, ProgressText, ResourceKind, ResourceProgress } from '../../apply/progress.ts'

/** One thing that is worked on: what the last event said, and when it began and ended (milliseconds of the caller's clock). */
export interface BoardRow {
  readonly resource: ResourceKind
  readonly name: string
  readonly text: ProgressText
  readonly state: ResourceProgress['state']
  readonly detail: string | undefined
  readonly beganMs: number
  readonly endedMs: number | undefined
}

/** Keeps what a progress display shows: one row per resource in order of appearance. Pure but for its own memory. */
export class Board {
  readonly #rows = new Map<string, BoardRow>()

  apply(event: ProgressEvent, nowMs: number): void {
    if (event.kind !== 'resource') return
    const { resource, name, text, state, detail } = event
    const key = `${resource} ${name}`
    const before = this.#rows.get(key)
    const isEnded = state !== 'working' && state !== 'waiting'
    const beganMs = before === undefined || (before.endedMs !== undefined && !isEnded) ? nowMs : before.beganMs
    this.#rows.set(key, { resource, name, text, state, detail, beganMs, endedMs: isEnded ? nowMs : undefined })
  }

  rows(): readonly BoardRow[] {
    return [...this.#rows.values()]
  }

  /** Rows that are over, and all rows. */
  count(): { readonly ended: number; readonly total: number } {
    const rows = this.rows()
    return { ended: rows.filter(row => row.endedMs !== undefined).length, total: rows.length }
  }
}

const titles: Record<ResourceKind, string> = {
  container: 'Container',
  network: 'Network',
  volume: 'Volume',
  image: 'Image',
  provider: 'Provider',
}

export function rowTitle({ resource, name }: { readonly resource: ResourceKind; readonly name: string }): string {
  return `${titles[resource]} ${name}`
}
