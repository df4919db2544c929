import type { ContainerContext } from '../containers/context.ts'
import type { RequestContext } from '../http/context.ts'
import { matchesAny, matchesLabels, parseFilters } from '../http/filters.ts'
import { get, ok, type Route } from '../http/route.ts'

/** A reader that is this far behind is dropped. */
const maxBufferedBytes = 4 * 1024 * 1024

/** What Berth adds to the Engine API. */
export const berthRoutes = (context: ContainerContext): Route[] => [
  get('/berth/v1/oom', ({ query }) => {
    const filters = parseFilters(query, ['container', 'label'])
    const incidents = context.incidents
      .list()
      .filter(incident => matchesLabels(incident.Labels, filters))
      .filter(incident =>
        matchesAny(
          filters,
          'container',
          value => incident.ContainerName === value || incident.ContainerId.startsWith(value),
        ),
      )
    return ok(incidents)
  }),
  get('/berth/v1/trace', request => streamTraces(context, request)),
]

/** One JSON line for each start and stop that ends from now on, until the client goes. Headers go out at once: from then on everything is traced. */
async function streamTraces({ tracer }: ContainerContext, request: RequestContext): Promise<undefined> {
  const { signal } = request
  const response = request.stream(200, { 'Content-Type': 'application/json' })
  const end = tracer.subscribe(trace => {
    if (response.writableLength > maxBufferedBytes) response.destroy()
    else response.write(`${JSON.stringify(trace)}\n`)
  })
  await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  end()
  response.end()
  return undefined
}
