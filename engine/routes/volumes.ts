import { volumeCreateRequest } from '../../schemas/api/volumes.ts'
import { queryFlag } from '../http/context.ts'
import { parseFilters } from '../http/filters.ts'
import { created, del, get, noContent, ok, post, type Route } from '../http/route.ts'
import type { VolumeService } from '../volumes/service.ts'
import { inspectVolume, pruneFilters, pruneVolumes, selectVolumes, volumeFilters } from '../volumes/view.ts'

export const volumeRoutes = (service: VolumeService): Route[] => [
  get('/volumes', ({ query }) => {
    const volumes = selectVolumes(service, parseFilters(query, volumeFilters))
    return ok({ Volumes: volumes.map(volume => inspectVolume(service, volume)), Warnings: null })
  }),
  post('/volumes/create', async context => {
    const request = await context.readJson(volumeCreateRequest)
    const volume = await service.create({
      name: request.Name ?? '',
      driver: request.Driver ?? '',
      labels: request.Labels ?? {},
      ...(request.DriverOpts === undefined ? {} : { options: request.DriverOpts }),
    })
    return created(inspectVolume(service, volume))
  }),
  post('/volumes/prune', async ({ query }) => ok(await pruneVolumes(service, parseFilters(query, pruneFilters)))),
  get('/volumes/{name}', ({ params }) => ok(inspectVolume(service, service.get(params['name'] ?? '')))),
  del('/volumes/{name}', async ({ params, query }) => {
    await service.remove(params['name'] ?? '', { force: queryFlag(query, 'force') })
    return noContent
  }),
]
