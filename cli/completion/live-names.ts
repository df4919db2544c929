import { listContainers } from '../client/containers.ts'
import { listImages } from '../client/images.ts'
import { listNetworks } from '../client/networks.ts'
import { listVolumes } from '../client/volumes.ts'
import { connect } from '../session/connect.ts'
import type { Context } from '../session/context.ts'
import type { NameKind } from './complete.ts'

/** Names that exist now. Empty where there is no stack file, no engine, or no answer within the context's signal. */
export async function liveNames(context: Context, kind: Exclude<NameKind, 'path'>): Promise<readonly string[]> {
  const options = { signal: context.signal }
  if (kind === 'service') {
    const { loadStack } = await import('../session/load-stack.ts')
    const { project } = await loadStack(context)
    return Object.keys(project.services)
  }
  const client = await connect(context)
  switch (kind) {
    case 'container': {
      const containers = await listContainers(client, { all: true }, options)
      return containers.flatMap(({ Names }) => Names.map(name => name.replace(/^\//, '')))
    }
    case 'network':
      return (await listNetworks(client, {}, options)).map(({ Name }) => Name)
    case 'volume':
      return (await listVolumes(client, {}, options)).map(({ Name }) => Name)
    case 'image':
      return (await listImages(client, {}, options)).flatMap(({ RepoTags }) => RepoTags ?? [])
    default:
      throw kind satisfies never
  }
}
