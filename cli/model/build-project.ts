import { type Attributes, attributes, mapValues } from './attributes.ts'
import { serviceHash } from './config-hash.ts'
import { contentDigest, fileSource, type ReadFile } from './file-sources.ts'
import { network } from './networks.ts'
import type { FileSource, Project, Service } from './project.ts'
import { serviceOf } from './service.ts'
import { volume } from './volumes.ts'

export interface ProjectInput {
  readonly name: string
  readonly workingDir: string
  readonly files: readonly string[]
  readonly profiles: readonly string[]
  /** Validated and in canonical form: nothing here can be wrong any more. */
  readonly canonical: Attributes
  readonly disabledServices: unknown
  readonly environment: ReadonlyMap<string, string>
  /** Only for the contents of secrets and configs, which belong to the hash of a service. */
  readonly readFile: ReadFile
  readonly positionOf: Project['positionOf']
}

/** The frozen project that everything after the loader works with. */
export function buildProject(input: ProjectInput): Project {
  const { name, workingDir, files, profiles, canonical, environment, readFile, positionOf } = input
  const sources = {
    secrets: mapValues(canonical['secrets'], (value, key) => fileSource(value, key, environment)),
    configs: mapValues(canonical['configs'], (value, key) => fileSource(value, key, environment)),
  }
  const digestOf = digests(sources, readFile)
  const services = (value: unknown): Readonly<Record<string, Service>> =>
    mapValues(value, (own, key) => {
      const service = serviceOf(key, attributes(own))
      return { ...service, configHash: serviceHash(service, digestOf) }
    })
  return deepFreeze({
    name,
    workingDir,
    files,
    services: services(canonical['services']),
    disabledServices: services(input.disabledServices),
    networks: mapValues(canonical['networks'], network),
    volumes: mapValues(canonical['volumes'], volume),
    ...sources,
    profiles,
    canonical,
    positionOf,
  })
}

/** Each content is read and digested once, however many services use it. */
function digests(
  sources: Readonly<Record<'secrets' | 'configs', Readonly<Record<string, FileSource>>>>,
  readFile: ReadFile,
): (section: 'secrets' | 'configs', key: string) => string {
  const known = new Map<string, string>()
  return (section, key) => {
    const source = sources[section][key]
    if (source === undefined) return 'undefined'
    const identity = `${section}/${key}`
    const digest = known.get(identity) ?? contentDigest(source, readFile)
    known.set(identity, digest)
    return digest
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const each of Object.values(value)) deepFreeze(each)
  return value
}
