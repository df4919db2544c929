import { type Attributes, attributes, mapValues } from './attributes.ts'
import { serviceHash } from './config-hash.ts'
import { fileSource } from './file-sources.ts'
import { network } from './networks.ts'
import type { Project, Service } from './project.ts'
import { serviceOf } from './service.ts'
import { volume } from './volumes.ts'

export interface ProjectInput {
  readonly name: string
  readonly separator: Project['separator']
  readonly workingDir: string
  readonly files: readonly string[]
  readonly profiles: readonly string[]
  /** Validated and in canonical form: nothing here can be wrong any more. */
  readonly canonical: Attributes
  readonly disabledServices: unknown
  readonly environment: ReadonlyMap<string, string>
  /** By `secrets.NAME` and `configs.NAME`: contents from the environments of included files. */
  readonly fileVariables?: ReadonlyMap<string, string>
  /** Absolute paths of each service's `label_file`, which is not in `canonical` any more. */
  readonly labelFiles: ReadonlyMap<string, readonly string[]>
  readonly positionOf: Project['positionOf']
}

/** The frozen project that everything after the loader works with. */
export function buildProject(input: ProjectInput): Project {
  const { name, separator, workingDir, files, profiles, canonical, environment, labelFiles, positionOf } = input
  const contentOf = (section: string) => (key: string, variable: string) =>
    input.fileVariables?.get(`${section}.${key}`) ?? environment.get(variable)
  const sources = {
    secrets: mapValues(canonical['secrets'], (value, key) => fileSource(value, key, contentOf('secrets'))),
    configs: mapValues(canonical['configs'], (value, key) => fileSource(value, key, contentOf('configs'))),
  }
  const defaultPlatform = environment.get('DOCKER_DEFAULT_PLATFORM') || undefined
  const services = (value: unknown): Readonly<Record<string, Service>> =>
    mapValues(value, (own, key) => {
      const canonicalService = attributes(own)
      const service = serviceOf(key, canonicalService)
      return {
        ...service,
        platform: service.platform ?? (service.build === undefined ? undefined : defaultPlatform),
        configHash: serviceHash(canonicalService, labelFiles.get(key) ?? []),
        labelFiles: labelFiles.get(key) ?? [],
      }
    })
  return deepFreeze({
    name,
    separator,
    workingDir,
    files,
    services: services(canonical['services']),
    disabledServices: services(input.disabledServices),
    networks: mapValues(canonical['networks'], network),
    volumes: mapValues(canonical['volumes'], volume),
    ...sources,
    profiles,
    defaultPlatform,
    canonical,
    positionOf,
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const each of Object.values(value)) deepFreeze(each)
  return value
}
