import * as z from 'zod/mini'
import type { ImageSearchResult } from '../../../schemas/api/images.ts'
import { BerthError } from '../../../schemas/errors.ts'
import type { Filters } from '../../http/filters.ts'
import { flagOf } from '../select.ts'
import type { Credentials } from './credentials.ts'
import { endpointsOf } from './endpoint.ts'
import { tryEndpoints } from './fall-through.ts'
import { readBody, send } from './request.ts'
import type { RegistrySettings } from './settings.ts'

/** Filters of GET /images/search. */
export const searchFilters = ['is-official', 'is-automated', 'stars'] as const

export interface SearchOptions {
  /** 1 to 100; 0 leaves it to the registry. */
  readonly limit: number
  readonly filters: Filters
  readonly settings: RegistrySettings
  readonly credentials: Credentials | undefined
  readonly signal: AbortSignal
}

const Answer = z.object({
  results: z.nullable(
    z.array(
      z.object({
        name: z.string(),
        description: z.optional(z.nullable(z.string())),
        star_count: z.optional(z.number()),
        is_official: z.optional(z.boolean()),
        is_automated: z.optional(z.boolean()),
      }),
    ),
  ),
})

/** Searches Docker Hub, or the registry that the term begins with, by Docker's v1 search API; the filters are applied here, as in dockerd. */
export async function searchImages(term: string, options: SearchOptions): Promise<readonly ImageSearchResult[]> {
  const { limit, filters, settings, credentials, signal } = options
  if (term === '') throw new BerthError('INVALID_ARGUMENT', 'expected a term to search for, found none')
  if (!Number.isInteger(limit) || limit < 0 || limit > 100)
    throw new BerthError('INVALID_ARGUMENT', `limit ${limit} is outside the range of [1, 100]`)
  const minStars = starsOf(filters)
  const isOfficial = flagOf(filters, 'is-official')
  const isAutomated = flagOf(filters, 'is-automated')
  const { domain, words } = splitTerm(term)
  const endpoints = await endpointsOf(domain === 'docker.io' ? 'index.docker.io' : domain, 'push', settings)
  const results = await tryEndpoints(endpoints, signal, async endpoint => {
    const url = new URL(`${endpoint.origin}/v1/search`)
    url.searchParams.set('q', words)
    if (limit > 0) url.searchParams.set('n', String(limit))
    const headers = { 'user-agent': 'berth', ...basicOf(credentials) }
    const response = await send(url, endpoint, { headers, signal })
    const body = await readBody(response, 8 * 1024 * 1024)
    if (response.statusCode !== 200)
      throw new BerthError('UNAVAILABLE', `${url.host} answers ${response.statusCode} to the search for "${words}"`)
    return parseAnswer(body, url.host)
  })
  return results
    .map(({ name, description, star_count, is_official, is_automated }) => ({
      star_count: star_count ?? 0,
      is_official: is_official ?? false,
      name,
      is_automated: is_automated ?? false,
      description: description ?? '',
    }))
    .filter(
      result =>
        result.star_count >= minStars &&
        (isOfficial === undefined || result.is_official === isOfficial) &&
        (isAutomated === undefined || result.is_automated === isAutomated),
    )
}

function parseAnswer(body: Buffer, host: string) {
  try {
    return Answer.parse(JSON.parse(body.toString('utf8'))).results ?? []
  } catch (cause) {
    throw new BerthError('UNAVAILABLE', `${host} answers something else than search results`, { cause })
  }
}

/** The largest `stars` counts. */
function starsOf(filters: Filters): number {
  const values = filters.get('stars') ?? []
  const wrong = values.find(value => !/^\d+$/.test(value))
  if (wrong !== undefined) throw new BerthError('INVALID_ARGUMENT', `invalid filter 'stars=[${wrong}]'`)
  return Math.max(0, ...values.map(Number))
}

/** `host:5000/word` searches that registry; `team/word` has no host in it. */
function splitTerm(term: string): { readonly domain: string; readonly words: string } {
  if (/^https?:\/\//.test(term)) {
    throw new BerthError('INVALID_ARGUMENT', `invalid repository name (${term}): expected no scheme`)
  }
  const slash = term.indexOf('/')
  const first = slash < 0 ? '' : term.slice(0, slash)
  if (!/[.:]/.test(first) && first !== 'localhost') return { domain: 'docker.io', words: term }
  const domain = first === 'index.docker.io' ? 'docker.io' : first
  const rest = term.slice(slash + 1)
  return { domain, words: domain === 'docker.io' ? rest.replace(/^library\//, '') : rest }
}

function basicOf(credentials: Credentials | undefined): Record<string, string> {
  if (credentials?.kind !== 'password') return {}
  const text = `${credentials.username}:${credentials.password}`
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` }
}
