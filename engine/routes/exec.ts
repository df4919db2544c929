import { execCreateRequest, execStartRequest } from '../../schemas/api/exec.ts'
import type { Execs } from '../containers/exec.ts'
import { created, get, noContent, ok, post, type Route } from '../http/route.ts'
import { streamType } from './containers.ts'
import { requireSize } from './resize.ts'

export const execRoutes = (execs: Execs): Route[] => [
  post('/containers/{id}/exec', async request =>
    created({ Id: execs.create(request.params['id'] ?? '', await request.readJson(execCreateRequest)) }),
  ),
  post('/exec/{id}/start', async request => {
    const id = request.params['id'] ?? ''
    const options = await request.readJson(execStartRequest)
    if (options.Detach === true) {
      await execs.startDetached(id)
      return { status: 200 }
    }
    const type = streamType(request, execs.hasTerminal(id))
    await execs.startAttached(id, options, () => request.hijack(type))
    return undefined
  }),
  post('/exec/{id}/resize', async request => {
    const { height, width } = requireSize(request.query)
    await execs.resize(request.params['id'] ?? '', height, width)
    return noContent
  }),
  get('/exec/{id}/json', request => ok(execs.inspect(request.params['id'] ?? ''))),
]
