import type { FileSource, Project } from '../model/project.ts'
import type { BuildInput } from './builds.ts'
import type { ImageBuildOp } from './plan.ts'

/**
 * Builds as a bake file, which `docker buildx bake -f` carries out: what `docker compose build --print` prints. Keys that ask for nothing are left out.
 */
export function bakeFile(project: Project, ops: readonly ImageBuildOp[], { isPushed }: { readonly isPushed: boolean }) {
  const targets = [...ops].sort((a, b) => (a.service < b.service ? -1 : 1))
  return {
    group: { default: { targets: targets.map(({ service }) => service) } },
    target: Object.fromEntries(
      targets.map(({ service, input }) => {
        const goesToRegistry = isPushed && project.services[service]?.image !== undefined
        return [service, { ...bakeTarget(project, input), output: [goesToRegistry ? 'type=registry' : 'type=docker'] }]
      }),
    ),
  }
}

function bakeTarget(project: Project, input: BuildInput): Readonly<Record<string, unknown>> {
  const isLocal = input.inline === undefined && !/^[/]|:\/\//.test(input.dockerfile) && input.context.startsWith('/')
  const target = {
    context: input.context,
    contexts: Object.fromEntries(
      Object.entries(input.contexts).map(([name, source]) => [
        name,
        'image' in source ? `docker-image://${source.image}` : source.folder,
      ]),
    ),
    ...(input.inline === undefined
      ? { dockerfile: isLocal ? `${input.context}/${input.dockerfile}` : input.dockerfile }
      : { 'dockerfile-inline': input.inline }),
    args: input.args,
    labels: input.labels,
    tags: input.tags,
    'cache-from': input.cacheFrom,
    target: input.target,
    secret: input.secrets.map(({ id, key }) => secretText(id, project.secrets[key])),
    ssh: input.ssh.map(({ id, paths }) => (paths.length === 0 ? id : `${id}=${paths.join(',')}`)),
    platforms: input.platform === undefined ? [] : [input.platform],
    pull: input.pulls || undefined,
    'no-cache': input.noCache || undefined,
    network: input.network,
    'no-cache-filter': input.noCacheStages,
    'shm-size': input.shmBytes === undefined ? undefined : String(input.shmBytes),
    ulimits: input.ulimits.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`),
    entitlements: input.entitlements,
    'extra-hosts': Object.fromEntries(
      input.extraHosts.map(text => {
        const [, host = text, address = ''] = /^([^=:]+)[=:](.*)$/.exec(text) ?? []
        return [host, address]
      }),
    ),
  }
  return Object.fromEntries(Object.entries(target).filter(([, value]) => !isNothing(value)))
}

function secretText(id: string, source: FileSource | undefined): string {
  return source?.kind === 'environment'
    ? `id=${id},type=env,env=${source.variable}`
    : `id=${id},type=file,src=${source?.kind === 'file' ? source.path : ''}`
}

const isNothing = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
