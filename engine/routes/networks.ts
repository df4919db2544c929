import {
  type NetworkCreateResponse,
  type NetworkPruneResponse,
  networkConnectRequest,
  networkCreateRequest,
  networkDisconnectRequest,
} from '../../schemas/api/networks.ts'
import { BerthError } from '../../schemas/errors.ts'
import { parseFilters } from '../http/filters.ts'
import { created, del, get, ok, post, type Route } from '../http/route.ts'
import type { NetworkService } from '../networks/service.ts'

/** `containerIdOf` finds a container by name or id, or throws NOT_FOUND `No such container: x`. */
export const networkRoutes = (service: NetworkService, containerIdOf: (nameOrId: string) => string): Route[] => [
  get('/networks', ({ query }) =>
    ok(service.list(parseFilters(query, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']))),
  ),
  get('/berth/v1/networks/rules', async ({ query }) => ({
    status: 200,
    body: await service.rules(parseFilters(query, ['id', 'label', 'name'])),
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })),
  get('/networks/{id}', ({ params, query }) => {
    const scope = query.get('scope')
    const verbose = query.get('verbose') ?? ''
    if (!/^(?:|[01tTfF]|true|TRUE|True|false|FALSE|False)$/.test(verbose)) {
      const why = `strconv.ParseBool: parsing ${JSON.stringify(verbose)}: invalid syntax`
      throw new BerthError('INVALID_ARGUMENT', `invalid value for verbose: ${verbose}: ${why}`)
    }
    if (scope !== null && scope !== '' && scope !== 'local') {
      throw new BerthError('NOT_FOUND', `network ${params['id'] ?? ''} not found`)
    }
    return ok(service.inspect(params['id'] ?? ''))
  }),
  post('/networks/create', async context => {
    const record = await service.create(await context.readJson(networkCreateRequest))
    return created({ Id: record.id, Warning: '' } satisfies NetworkCreateResponse)
  }),
  post('/networks/prune', async ({ query }) => {
    const filters = parseFilters(query, ['label', 'label!', 'until'])
    const removed = await service.prune(filters, untilOf(filters.get('until')))
    return ok({ NetworksDeleted: removed.length === 0 ? null : removed } satisfies NetworkPruneResponse)
  }),
  post('/networks/{id}/connect', async context => {
    const { Container, EndpointConfig } = await context.readJson(networkConnectRequest)
    await service.connect(context.params['id'] ?? '', containerIdOf(Container), EndpointConfig ?? {})
    return { status: 200 }
  }),
  post('/networks/{id}/disconnect', async context => {
    const { Container, Force } = await context.readJson(networkDisconnectRequest)
    await service.disconnect(context.params['id'] ?? '', member(Container, Force === true, containerIdOf))
    return { status: 200 }
  }),
  del('/networks/{id}', async ({ params }) => {
    await service.remove(params['id'] ?? '')
    return { status: 204 }
  }),
]

/** With force dockerd looks for what a lost container left in the network. Here none leaves anything: it is its error that counts. */
function member(text: string, isForced: boolean, containerIdOf: (nameOrId: string) => string): string {
  try {
    return containerIdOf(text)
  } catch (error) {
    if (!isForced || !(error instanceof BerthError) || error.code !== 'NOT_FOUND') throw error
    throw new BerthError('NOT_FOUND', `endpoint ${text} not found`, { cause: error })
  }
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** `until`: a Unix time in seconds, a date, or a Go duration back from now; as milliseconds since 1970. */
function untilOf(values: readonly string[] | undefined): number | undefined {
  const text = values?.[0]
  if (text === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const parts = [...text.matchAll(/(\d+)([smh])/g)]
  if (parts.length > 0 && parts.map(part => part[0]).join('') === text) {
    return Date.now() - parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0), 0)
  }
  const date = Date.parse(text)
  if (Number.isNaN(date))
    throw new BerthError('INVALID_ARGUMENT', `failed to parse value as time or duration: ${JSON.stringify(text)}`)
  return date
}
