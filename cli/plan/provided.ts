import { type Attributes, attributes } from '../model/attributes.ts'
import { serviceHash } from '../model/config-hash.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import { specLabel } from './spec.ts'

/** What providers have set, by service and name. */
export type Provided = ReadonlyMap<string, Readonly<Record<string, string>>>

const prefixOf = (provider: string): string => `${provider.toUpperCase()}_`

/** The project with the variables of its providers in the services that depend on them: `DATABASE_URL` for `URL` of `database`. */
export function withProvided(project: Project, provided: Provided): Project {
  const services = Object.entries(project.services).map(([name, service]) => {
    const variables = service.dependsOn.flatMap(({ service: provider }) =>
      Object.entries(provided.get(provider) ?? {}).map(
        ([key, value]) => [`${prefixOf(provider)}${key}`, value] as const,
      ),
    )
    return [
      name,
      variables.length === 0 ? service : withVariables(project, service, Object.fromEntries(variables)),
    ] as const
  })
  return { ...project, services: Object.fromEntries(services) }
}

function withVariables(project: Project, service: Service, variables: Readonly<Record<string, string>>): Service {
  const own = attributes(attributes(project.canonical['services'])[service.name])
  const environment = { ...attributes(own['environment']), ...variables }
  const sorted = Object.fromEntries(Object.entries(environment).sort(([one], [other]) => (one < other ? -1 : 1)))
  return {
    ...service,
    environment: { ...service.environment, ...variables },
    configHash: serviceHash({ ...own, environment: sorted } as Attributes, service.labelFiles ?? []),
  }
}

/**
 * What providers set when the containers of their dependents were made, read from these: a plan calls no provider, and takes it that they would say the same.
 */
export function providedBefore(project: Project, observed: Observed): Provided {
  const provided = new Map<string, Record<string, string>>()
  for (const { service, labels } of observed.containers) {
    for (const { service: name } of project.services[service]?.dependsOn ?? []) {
      if (project.services[name]?.provider === undefined) continue
      for (const [key, value] of Object.entries(environmentOf(labels[specLabel]))) {
        const isOwn = project.services[service]?.environment[key] !== undefined
        if (!key.startsWith(prefixOf(name)) || isOwn || typeof value !== 'string') continue
        provided.set(name, { ...provided.get(name), [key.slice(prefixOf(name).length)]: value })
      }
    }
  }
  return provided
}

function environmentOf(spec: string | undefined): Attributes {
  try {
    return attributes(attributes(JSON.parse(spec ?? '{}'))['environment'])
  } catch {
    return {}
  }
}
