import type { ImageHistoryItem, ImageSearchResult, ImageSummary } from '../../schemas/api/images.ts'
import { humanDuration } from '../../schemas/human-duration.ts'
import { decimalSize } from './human.ts'
import { truncate } from './width.ts'

/** A row of `berth image ls`; members are docker's placeholders. */
export interface ImageRow {
  readonly Repository: string
  readonly Tag: string
  readonly Digest: string
  readonly ID: string
  readonly CreatedSince: string
  readonly CreatedAt: string
  readonly Size: string
  readonly Containers: string
}

export const imageHeaders: Readonly<Record<keyof ImageRow, string>> = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
}

const none = '<none>'

/** One row per name; an image without any has one with `<none>`. */
export function imageRows(image: ImageSummary, nowMs: number, isFull: boolean): ImageRow[] {
  const row = {
    ID: isFull ? image.Id : shortId(image.Id),
    CreatedSince: ago(image.Created, nowMs),
    CreatedAt: new Date(image.Created * 1000).toISOString().replace('T', ' ').replace('.000Z', ' +0000 UTC'),
    Size: decimalSize(image.Size),
    Containers: image.Containers < 0 ? 'N/A' : String(image.Containers),
  }
  const digests = new Map(
    image.RepoDigests.map(name => [name.slice(0, name.indexOf('@')), name.slice(name.indexOf('@') + 1)]),
  )
  const tagged = image.RepoTags.map(name => {
    const colon = name.lastIndexOf(':')
    const Repository = name.slice(0, colon)
    return { Repository, Tag: name.slice(colon + 1), Digest: digests.get(Repository) ?? none, ...row }
  })
  const named = new Set(tagged.map(({ Repository }) => Repository))
  const untagged = [...digests]
    .filter(([Repository]) => !named.has(Repository))
    .map(([Repository, Digest]) => ({ Repository, Tag: none, Digest, ...row }))
  const rows = [...tagged, ...untagged]
  return rows.length > 0 ? rows : [{ Repository: none, Tag: none, Digest: none, ...row }]
}

/** A row of `berth image history`. */
export interface HistoryRow {
  readonly ID: string
  readonly CreatedSince: string
  readonly CreatedAt: string
  readonly CreatedBy: string
  readonly Size: string
  readonly Comment: string
}

export const historyHeaders: Readonly<Record<keyof HistoryRow, string>> = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
}

export function historyRow(item: ImageHistoryItem, nowMs: number, isFull: boolean): HistoryRow {
  const by = item.CreatedBy.replaceAll('\t', ' ')
  return {
    ID: isFull ? item.Id : shortId(item.Id),
    CreatedSince: ago(item.Created, nowMs),
    CreatedAt: new Date(item.Created * 1000).toISOString().replace('.000Z', 'Z'),
    CreatedBy: isFull ? by : truncate(by, 45),
    Size: decimalSize(item.Size),
    Comment: item.Comment,
  }
}

/** A row of `berth search`. */
export interface SearchRow {
  readonly Name: string
  readonly Description: string
  readonly StarCount: string
  readonly IsOfficial: string
}

export const searchHeaders: Readonly<Record<keyof SearchRow, string>> = {
  Name: 'NAME',
  Description: 'DESCRIPTION',
  StarCount: 'STARS',
  IsOfficial: 'OFFICIAL',
}

export function searchRow(result: ImageSearchResult, isFull: boolean): SearchRow {
  const text = result.description.replace(/[\r\n]+/g, ' ')
  return {
    Name: result.name,
    Description: isFull ? text : truncate(text, 45),
    StarCount: String(result.star_count),
    IsOfficial: result.is_official ? '[OK]' : '',
  }
}

function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

/** Images made without a clock (0) have no age. */
function ago(seconds: number, nowMs: number): string {
  return seconds <= 0 ? 'N/A' : `${humanDuration(nowMs - seconds * 1000)} ago`
}
