import { inspectDistribution } from '../client/distribution.ts'
import type { Project } from '../model/project.ts'
import { connect } from './connect.ts'
import type { Context } from './context.ts'

/** Image of each service with its digest, asked of the registries: `docker.io/library/nginx:1.27@sha256:...`. Local images have no digest to ask for. */
export async function pinnedImages(context: Context, project: Project): Promise<Readonly<Record<string, string>>> {
  const { registryAuth } = await import('../registry/registry-auth.ts')
  const references = Object.values(project.services).flatMap(({ name, image }) =>
    image?.kind === 'reference' ? [[name, image.text] as const] : [],
  )
  if (references.length === 0) return {}
  const client = await connect(context)
  const pinned = await Promise.all(
    references.map(async ([service, reference]) => {
      if (reference.includes('@')) return [service, reference] as const
      const auth = await registryAuth(context.env, reference)
      const { Descriptor } = await inspectDistribution(client, reference, { signal: context.signal, auth })
      return [service, `${fullName(reference)}@${Descriptor.digest}`] as const
    }),
  )
  return Object.fromEntries(pinned)
}

/** `nginx` -> `docker.io/library/nginx:latest`, as Compose writes a pinned name (distribution/reference, ParseDockerRef). */
export function fullName(reference: string): string {
  const [first = '', ...rest] = reference.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const name = hasHost ? reference : `docker.io/${rest.length > 0 ? '' : 'library/'}${reference}`
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`
}
