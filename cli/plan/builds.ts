import { BerthError } from '../../schemas/errors.ts'
import { label } from '../model/labels.ts'
import type { Project, Service } from '../model/project.ts'
import { type CacheTarget, parseCacheSource, parseCacheTarget } from './build-cache.ts'
import { builtImageName } from './spec.ts'

/** One image's build, with every path absolute. */
export interface BuildInput {
  readonly context: string
  /** Relative to the context, or absolute. */
  readonly dockerfile: string
  /** The Dockerfile's text instead of a file. */
  readonly inline: string | undefined
  readonly args: Readonly<Record<string, string>>
  readonly target: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** The first one is what containers are made from. */
  readonly tags: readonly string[]
  readonly network: string | undefined
  readonly noCache: boolean
  readonly pulls: boolean
  /** `id` in the Dockerfile, `key` of the project's secret. */
  readonly secrets: readonly { readonly id: string; readonly key: string }[]
  readonly contexts: Readonly<Record<string, { readonly folder: string } | { readonly image: string }>>
  readonly extraHosts: readonly string[]
  readonly shmBytes: number | undefined
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[]
  readonly platform: string | undefined
  /** Agents for RUN --mount=type=ssh; without a path that of the environment. */
  readonly ssh: readonly SshSource[]
  readonly entitlements: readonly string[]
  /** Stages whose steps are made anew. */
  readonly noCacheStages: readonly string[]
  /** Images, `oci:/folder` included. */
  readonly cacheFrom: readonly string[]
  readonly cacheTo: readonly CacheTarget[]
}

export interface SshSource {
  readonly id: string
  /** An agent's socket, or files of keys. */
  readonly paths: readonly string[]
}

/** What is the same for every build that asks for nothing more. */
export const plainBuild: Omit<BuildInput, 'context'> = {
  dockerfile: 'Dockerfile',
  inline: undefined,
  args: {},
  target: undefined,
  labels: {},
  tags: [],
  network: undefined,
  noCache: false,
  pulls: false,
  secrets: [],
  contexts: {},
  extraHosts: [],
  shmBytes: undefined,
  ulimits: [],
  platform: undefined,
  ssh: [],
  entitlements: [],
  noCacheStages: [],
  cacheFrom: [],
  cacheTo: [],
}

/** `default`, `id=socket`, `id=key1,key2`; a stack file also has it as `id: socket`. */
export function parseSsh(text: string): SshSource {
  const [, id = text, paths = ''] = /^([^=:]+)(?:=|:\s*)(.*)$/.exec(text) ?? []
  return { id, paths: paths.split(',').filter(path => path !== '') }
}

export const imageOf = (project: Project, service: Service): string =>
  service.image?.text ?? builtImageName(project, service)

/** Services whose images a service's build starts from. */
export function builtBefore({ build }: Service): readonly string[] {
  return Object.values(texts(build?.['additional_contexts'])).flatMap(text =>
    text.startsWith('service:') ? [text.slice('service:'.length)] : [],
  )
}

/** What `build:` of a service asks for. Throws NOT_IMPLEMENTED for what cannot be done here. */
export function buildInput(project: Project, service: Service): BuildInput {
  const build = service.build ?? {}
  const refuse = (what: string): never => {
    throw new BerthError('NOT_IMPLEMENTED', `service ${service.name}: ${what}`)
  }
  const platforms = list(build['platforms'])
  if (platforms.length > 1)
    refuse(`build.platforms: one image is built at a time, for this machine; found ${platforms.join(', ')}`)
  if (service.platform !== undefined && platforms.length === 1 && platforms[0] !== service.platform)
    refuse(`build.platforms does not support value set by DOCKER_DEFAULT_PLATFORM: ${service.platform}`)
  return {
    context: text(build['context']) ?? project.workingDir,
    dockerfile: text(build['dockerfile']) ?? 'Dockerfile',
    inline: text(build['dockerfile_inline']),
    args: texts(build['args']),
    target: text(build['target']),
    labels: { ...texts(build['labels']), [label.project]: project.name, [label.service]: service.name },
    tags: [imageOf(project, service), ...list(build['tags'])],
    network: text(build['network']),
    noCache: build['no_cache'] === true,
    pulls: build['pull'] === true,
    secrets: records(build['secrets']).map(secret => {
      const key = text(secret['source']) ?? ''
      return { id: text(secret['target']) ?? key, key }
    }),
    contexts: Object.fromEntries(
      Object.entries(texts(build['additional_contexts'])).map(([name, source]) => [name, contextOf(project, source)]),
    ),
    extraHosts: list(build['extra_hosts']),
    shmBytes: typeof build['shm_size'] === 'number' ? build['shm_size'] : Number(build['shm_size'] ?? 0) || undefined,
    ulimits: Object.entries(record(build['ulimits'])).map(([Name, value]) => {
      const both = typeof value === 'number' ? { soft: value, hard: value } : record(value)
      return { Name, Soft: Number(both['soft']), Hard: Number(both['hard']) }
    }),
    platform: platforms[0] ?? service.platform,
    ssh: list(build['ssh']).map(parseSsh),
    entitlements: [...list(build['entitlements']), ...(build['privileged'] === true ? ['security.insecure'] : [])],
    noCacheStages: list(build['no_cache_filter']),
    cacheFrom: list(build['cache_from']).map(source => parseCacheSource(source, project.workingDir)),
    cacheTo: list(build['cache_to']).map(target => parseCacheTarget(target, project.workingDir)),
  }
}

/** Keys of the project's secrets that a build uses. */
export const buildSecretKeys = (build: Service['build']): readonly string[] =>
  records(build?.['secrets']).map(secret => text(secret['source']) ?? '')

function contextOf(project: Project, source: string): { readonly folder: string } | { readonly image: string } {
  if (source.startsWith('docker-image://')) return { image: source.slice('docker-image://'.length) }
  if (!source.startsWith('service:')) return { folder: source }
  const name = source.slice('service:'.length)
  const service = project.services[name]
  return { image: service === undefined ? `${project.name}${project.separator}${name}` : imageOf(project, service) }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
const records = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(record) : []
const texts = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record(value)).map(([name, content]) => [name, String(content ?? '')]))
