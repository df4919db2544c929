import type { ContainerContext } from '../containers/context.ts'
import { matchesAny, matchesLabels, parseFilters } from '../http/filters.ts'
import { get, ok, type Route } from '../http/route.ts'

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
]
