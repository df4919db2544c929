import type { ImageSummary } from '../../schemas/api/images.ts'
import { BerthError } from '../../schemas/errors.ts'
import { type Filters, matchesAny, matchesLabels } from '../http/filters.ts'
import type { StoredImage } from './catalog.ts'
import { findImage } from './lookup.ts'
import type { ImageStore } from './store.ts'
import { namesOf } from './view.ts'

/** Filters of GET /images/json and POST /images/prune. */
export const imageFilters = ['reference', 'label', 'label!', 'dangling', 'before', 'since', 'until'] as const

/** Images that every filter lets through. */
export function selectImages(store: ImageStore, filters: Filters, now: Date): StoredImage[] {
  const isDanglingWanted = flagOf(filters, 'dangling')
  const before = timeOf(store, filters, 'before')
  const since = timeOf(store, filters, 'since')
  const until = untilOf(filters, now)
  return store.catalog.list().filter(image => {
    const { tags } = namesOf(store, image)
    const created = Date.parse(image.document.created ?? '') || 0
    return (
      (isDanglingWanted === undefined || isDanglingWanted === (tags.length === 0)) &&
      matchesLabels(image.document.config?.Labels ?? {}, filters) &&
      matchesAny(filters, 'reference', pattern => tags.some(tag => matchesReference(tag, pattern))) &&
      (before === undefined || created < before) &&
      (since === undefined || created > since) &&
      (until === undefined || created <= until)
    )
  })
}

/** Of an image's names only those that the `reference` filter means, as dockerd lists it. */
export function namesAsked(summary: ImageSummary, filters: Filters): ImageSummary {
  const isAsked = (name: string): boolean =>
    matchesAny(filters, 'reference', pattern => matchesReference(name, pattern))
  return filters.has('reference')
    ? { ...summary, RepoTags: summary.RepoTags.filter(isAsked), RepoDigests: summary.RepoDigests.filter(isAsked) }
    : summary
}

/** A yes-or-no filter; undefined when it is not given. */
export function flagOf(filters: Filters, name: string): boolean | undefined {
  const value = filters.get(name)?.[0]
  if (value === undefined) return undefined
  if (['true', '1'].includes(value)) return true
  if (['false', '0'].includes(value)) return false
  throw new BerthError('INVALID_ARGUMENT', `invalid filter '${name}=[${value}]'`)
}

/** Go's path.Match on `name:tag`, `name`, or the name's last part, as dockerd does it. */
export function matchesReference(tag: string, pattern: string): boolean {
  const repository = tag.slice(0, tag.includes('@') ? tag.indexOf('@') : tag.lastIndexOf(':'))
  const regexp = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replace(/\*/g, '[^/]*')
      .replace(/\?/g, '[^/]')}$`,
  )
  return [tag, repository].some(candidate => regexp.test(candidate))
}

function timeOf(store: ImageStore, filters: Filters, name: string): number | undefined {
  const reference = filters.get(name)?.[0]
  if (reference === undefined) return undefined
  return Date.parse(findImage(store.catalog, reference).image.document.created ?? '') || 0
}

/** `until=24h`, a time, or seconds since the epoch. */
function untilOf(filters: Filters, now: Date): number | undefined {
  const text = filters.get('until')?.[0]
  if (text === undefined) return undefined
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)]
  if (parts.length > 0 && parts.map(part => part[0]).join('') === text) {
    return now.getTime() - parts.reduce((sum, part) => sum + Number(part[1]) * (units[part[2] ?? ''] ?? 0), 0)
  }
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(ms)) throw new BerthError('INVALID_ARGUMENT', `invalid filter 'until=[${text}]'`)
  return ms
}
