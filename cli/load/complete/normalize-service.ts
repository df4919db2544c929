import type { CanonicalContext } from '../canonical/handler.ts'
import {
  type MapEntry,
  type MapNode,
  type Mark,
  mapNode,
  type Node,
  scalarNode,
  stringAt,
  valueAt,
  withEntry,
  withoutKeys,
} from '../yaml/node.ts'

/** What a service means without saying so: the default network, the dependencies that links and shared namespaces imply, passed-through variables. */
export function normalizeService(service: MapNode, context: CanonicalContext): MapNode {
  return withDefaultNetwork(withImpliedDependencies(withVariables(withDockerfile(withPullPolicy(service)), context)))
}

function withDockerfile(service: MapNode): MapNode {
  const build = valueAt(service, 'build')
  if (build?.kind !== 'map' || build.entries.has('dockerfile') || build.entries.has('dockerfile_inline')) return service
  return withEntry(service, 'build', withEntry(build, 'dockerfile', scalarNode('Dockerfile', build.mark)))
}

/** The old name of a policy. */
function withPullPolicy(service: MapNode): MapNode {
  if (stringAt(service, 'pull_policy') !== 'if_not_present') return service
  return withEntry(service, 'pull_policy', scalarNode('missing', valueAt(service, 'pull_policy')?.mark))
}

function withDefaultNetwork(service: MapNode): MapNode {
  const networks = valueAt(service, 'networks')
  const isEmpty = networks === undefined || (networks.kind === 'map' && networks.entries.size === 0)
  if (!isEmpty) return service
  const bare = withoutKeys(service, 'networks')
  if (bare.entries.has('network_mode') || bare.entries.has('provider')) return bare
  return withEntry(
    bare,
    'networks',
    mapNode(new Map([['default', { mark: undefined, value: scalarNode(null, undefined) }]]), undefined),
  )
}

/** `links`, `network_mode`, `ipc`, `pid`, `uts` and `cgroup` of a service restart with it; `volumes_from` does not. */
function withImpliedDependencies(service: MapNode): MapNode {
  const implied = new Map<string, { readonly isRestarting: boolean; readonly mark: Mark | undefined }>()
  const add = (name: string, isRestarting: boolean, mark: Mark | undefined) => {
    if (!implied.has(name)) implied.set(name, { isRestarting, mark })
  }
  for (const link of textsAt(service, 'links')) add(link.text.split(':')[0] ?? '', true, link.mark)
  for (const key of ['network_mode', 'ipc', 'pid', 'uts', 'cgroup']) {
    const value = stringAt(service, key)
    if (value?.startsWith('service:') === true) add(value.slice('service:'.length), true, valueAt(service, key)?.mark)
  }
  for (const from of textsAt(service, 'volumes_from')) {
    if (!from.text.startsWith('container:')) add(from.text.split(':')[0] ?? '', false, from.mark)
  }
  if (implied.size === 0) return service

  const declared = valueAt(service, 'depends_on')
  const entries = new Map<string, MapEntry>(declared?.kind === 'map' ? declared.entries : [])
  for (const [name, { isRestarting, mark }] of implied) {
    if (!entries.has(name)) entries.set(name, { mark, value: startedDependency(isRestarting, mark) })
  }
  return withEntry(service, 'depends_on', mapNode(entries, declared?.mark))
}

function startedDependency(isRestarting: boolean, mark: Mark | undefined): Node {
  const values = { condition: 'service_started', ...(isRestarting ? { restart: true } : {}), required: true }
  return mapNode(
    new Map(Object.entries(values).map(([key, value]) => [key, { mark, value: scalarNode(value, mark) }])),
    mark,
  )
}

/** A variable without a value is the caller's, if the caller has it. */
function withVariables(service: MapNode, context: CanonicalContext): MapNode {
  const environment = valueAt(service, 'environment')
  if (environment?.kind !== 'map' || context.isTemplate) return service
  let changed: Map<string, MapEntry> | undefined
  for (const [name, { mark, value }] of environment.entries) {
    if (value.kind !== 'scalar' || value.value !== null) continue
    const inherited = (value.mark?.source.scope.env ?? context.env).get(name)
    if (inherited === undefined) continue
    changed ??= new Map(environment.entries)
    changed.set(name, { mark, value: scalarNode(inherited, value.mark) })
  }
  return changed === undefined ? service : withEntry(service, 'environment', mapNode(changed, environment.mark))
}

export function textsAt(
  node: Node,
  key: string,
): readonly { readonly text: string; readonly mark: Mark | undefined }[] {
  const list = valueAt(node, key)
  if (list?.kind !== 'list') return []
  return list.items.flatMap(item =>
    item.kind === 'scalar' && typeof item.value === 'string' ? [{ text: item.value, mark: item.mark }] : [],
  )
}
