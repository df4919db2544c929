import { BerthError } from '../../schemas/errors.ts'
import { del, get, ok, post, put, type Route } from '../http/route.ts'

/**
 * Paths of Swarm, plugins, checkpoints and BuildKit's session: what dockerd 28 answers on a host that is in no swarm and has no plugins. Clients ask them to find out.
 */
export const noSwarmRoutes = (): Route[] => [
  ...['/swarm', '/swarm/unlockkey'].map(path => get(path, notManager)),
  ...['/swarm/init', '/swarm/join', '/swarm/unlock'].map(path => post(path, notManager)),
  get('/containers/{id}/checkpoints', experimental),
  post('/containers/{id}/checkpoints', experimental),
  del('/containers/{id}/checkpoints/{checkpoint}', experimental),
  post('/swarm/update', notManager),
  put('/volumes/{name}', () => {
    throw new BerthError('UNAVAILABLE', 'volume update only valid for cluster volumes, but swarm is unavailable')
  }),
  post('/swarm/leave', () => {
    throw new BerthError('UNAVAILABLE', 'This node is not part of a swarm')
  }),
  ...['nodes', 'services', 'secrets', 'configs', 'tasks'].flatMap(listing),
  get('/services/{id}/logs', notManager),
  get('/tasks/{id}/logs', notManager),
  get('/plugins', () => ok([])),
  get('/plugins/privileges', () => ok([])),
  ...['pull', 'create'].map(action => post(`/plugins/${action}`, noPlugins)),
  get('/plugins/{name...}/json', ({ params }) => noSuchPlugin(params)),
  ...['enable', 'disable', 'upgrade', 'push', 'set'].map(action =>
    post(`/plugins/{name...}/${action}`, ({ params }) => noSuchPlugin(params)),
  ),
  del('/plugins/{name...}', ({ params }) => noSuchPlugin(params)),
  // BuildKit is not there: its clients fall back to the classic builder, or say so.
  ...['/session', '/grpc'].map(path =>
    post(path, () => {
      throw new BerthError('INVALID_ARGUMENT', 'no upgrade proto in request')
    }),
  ),
]

/** The routes that all kinds of Swarm objects have; tasks are only looked at. */
function listing(kind: string): Route[] {
  const reading = [get(`/${kind}`, notManager), get(`/${kind}/{id}`, notManager)]
  if (kind === 'tasks') return reading
  const creating = kind === 'nodes' ? [] : [post(`/${kind}/create`, notManager)]
  return [...reading, ...creating, post(`/${kind}/{id}/update`, notManager), del(`/${kind}/{id}`, notManager)]
}

function notManager(): never {
  throw new BerthError(
    'UNAVAILABLE',
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  )
}

function experimental(): never {
  throw new BerthError(
    'NOT_IMPLEMENTED',
    'This experimental feature is disabled by default. Start the Docker daemon in experimental mode in order to enable it.',
  )
}

function noPlugins(): never {
  throw new BerthError('NOT_IMPLEMENTED', 'this engine has no plugins')
}

function noSuchPlugin(params: Readonly<Record<string, string>>): never {
  throw new BerthError('NOT_FOUND', `plugin "${params['name'] ?? ''}" not found`)
}
