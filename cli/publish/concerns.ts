import type { Project } from '../model/project.ts'
import { findSecrets } from './secrets.ts'

/** A question to ask before a stack is published, with what it is about. */
export interface Concern {
  readonly about: readonly string[]
  readonly question: string
}

/** Why a stack cannot be published as it is; [] if it can. */
export function obstacles(project: Project, withEnvironment: boolean): readonly string[] {
  const services = Object.values(project.services)
  const built = services.filter(({ image, build }) => image === undefined && build !== undefined)
  const unnamed = built.map(({ name }) => `the service "${name}" has only a "build": its image needs a name`)
  return withEnvironment ? unnamed : [...unnamed, ...environmentOf(project).map(({ what }) => what)]
}

/** What the user should look at. `files` are those that are published, by name. */
export function concerns(project: Project, files: ReadonlyMap<string, string>): readonly Concern[] {
  const binds = Object.values(project.services).flatMap(({ name, mounts }) =>
    mounts.filter(({ type }) => type === 'bind').map(({ source, target }) => `${name}: ${source} at ${target}`),
  )
  const secrets = [...files].flatMap(([name, text]) =>
    findSecrets(text).map(found => `${name}, line ${found.line}: ${found.kind}`),
  )
  const variables = environmentOf(project).flatMap(({ values }) => values)
  return [
    { about: binds, question: 'Publish these bind mounts? Only the paths are published, not what is there.' },
    { about: secrets, question: 'Publish what looks like secrets?' },
    { about: variables, question: 'Publish these environment variables?' },
  ].filter(({ about }) => about.length > 0)
}

function environmentOf(project: Project): readonly { readonly what: string; readonly values: readonly string[] }[] {
  const services = (project.canonical['services'] ?? {}) as Readonly<Record<string, { readonly environment?: object }>>
  const ofServices = Object.entries(services)
    .filter(([, { environment = {} }]) => Object.keys(environment).length > 0)
    .map(([name, { environment = {} }]) => ({
      what: `the service "${name}" has variables, in "environment" or an env file`,
      values: Object.entries(environment).map(
        ([key, value]) => `${name}: ${key}${value === null ? '' : `=${String(value)}`}`,
      ),
    }))
  const configs = (project.canonical['configs'] ?? {}) as Readonly<Record<string, { readonly environment?: string }>>
  const ofConfigs = Object.entries(configs).flatMap(([name, { environment }]) =>
    environment === undefined
      ? []
      : [{ what: `the config "${name}" is made of the variable ${environment}`, values: [`${name}: ${environment}`] }],
  )
  return [...ofServices, ...ofConfigs]
}
