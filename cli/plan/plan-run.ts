import type { ContainerCreateRequest } from '../../schemas/api/container-create.ts'
import type { PortMap } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import { serviceDependencies } from '../graph/service-graph.ts'
import { label } from '../model/labels.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import { containerBody, environmentList } from './container-body.ts'
import { planImages } from './images.ts'
import { key } from './keys.ts'
import { planNetworks } from './networks.ts'
import type { RunOptions } from './options.ts'
import { inOrder } from './order.ts'
import { orphansOf } from './orphans.ts'
import type { Goal, Op, Plan } from './plan.ts'
import { planUp } from './plan-up.ts'
import { plannedFiles } from './planned-files.ts'
import { type FileDigests, serviceSpec } from './spec.ts'
import { planVolumes } from './volumes.ts'
import { waitOp } from './wait-op.ts'

/**
 * One-off container of a service: its dependencies come up as `up` brings them, then the container is made and not started (the caller
 * attaches first). `slug` makes its name unique: 12 hex digits, as Compose's.
 */
export function planRun(
  project: Project,
  observed: Observed,
  digests: FileDigests,
  options: RunOptions,
  slug: string,
): Plan {
  const service = project.services[options.service]
  if (service === undefined) throw new BerthError('NOT_FOUND', `no such service: ${options.service}`)
  const pull = options.pull === undefined ? {} : { pull: options.pull }
  const dependencies =
    options.noDeps === true
      ? []
      : serviceDependencies(service).filter(({ service: name }) => project.services[name] !== undefined)
  const orphanOptions = { removeOrphans: options.removeOrphans === true, ignoreOrphans: options.ignoreOrphans === true }
  const base: Plan =
    dependencies.length === 0
      ? { project: project.name, unchanged: [], ...orphansOf(project, observed, orphanOptions) }
      : planUp(project, observed, digests, {
          services: dependencies.map(dependency => dependency.service),
          ...pull,
          ...orphanOptions,
        })
  const done = new Set(base.ops.map(op => op.key))
  const build = options.build === undefined ? {} : { build: options.build }
  const images = planImages(project, observed, [{ ...service, scale: 1 }], { ...pull, ...build })
  const networks = planNetworks(project, observed, [service], { removalKeys: () => [], staying: () => [] })
  const volumes = planVolumes(project, observed, [service])
  const problems = [...images.problems, ...networks.problems, ...volumes.problems]
  if (problems.length > 0) throw new BerthError('INVALID_ARGUMENT', problems.join('\n'))
  // A network that differs from the file stays as it is here: `run` does not take other containers down.
  const groundwork = [...images.ops, ...networks.ops.filter(op => op.sign === '+'), ...volumes.ops].filter(
    op => !done.has(op.key),
  )
  const waits = dependencies.flatMap(({ service: name, condition }) => waitOps(project, name, condition, base))
  const name = options.name ?? [project.name, service.name, 'run', slug].join(project.separator)
  const gate = [...groundwork, ...base.ops, ...waits].flatMap(op => (op.kind === 'container.stop' ? [] : [op.key]))
  const create: Op = {
    kind: 'container.create',
    key: key.container(name, 'create'),
    needs: [...new Set(gate)],
    after: [],
    sign: '+',
    why: [{ text: `run ${service.name}` }],
    service: service.name,
    name,
    number: 1,
    createName: name,
    body: oneOffBody(project, service, observed, digests, options, name, slug),
    files: plannedFiles(service),
    platform: service.platform,
  }
  return { ...base, ops: inOrder([...base.ops, ...groundwork, ...waits.filter(op => !done.has(op.key)), create]) }
}

function waitOps(project: Project, service: string, condition: string, base: Plan): readonly Op[] {
  const goal: Goal | undefined =
    condition === 'service_healthy'
      ? 'healthy'
      : condition === 'service_completed_successfully'
        ? 'completed'
        : undefined
  const isUntouched = !base.ops.some(op => op.kind === 'container.start' && op.service === service)
  // A job that has run before and is not run again has completed already.
  if (goal === undefined || (goal === 'completed' && isUntouched)) return []
  const kept = base.unchanged.filter(item => item.service === service).map(item => item.name)
  const started = base.ops.flatMap(op => (op.kind === 'container.start' && op.service === service ? [op] : []))
  const containers = [...new Set([...kept, ...started.map(op => op.name)])]
  if (containers.length === 0 || project.services[service] === undefined) return []
  const needs = started.map(op => op.key)
  return [waitOp(service, goal, needs, containers)]
}

function oneOffBody(
  project: Project,
  service: Service,
  observed: Observed,
  digests: FileDigests,
  options: RunOptions,
  name: string,
  slug: string,
): ContainerCreateRequest {
  const adjusted: Service = {
    ...service,
    restart: { name: 'no', maxRetries: 0 },
    containerName: undefined,
    ports: options.servicePorts === true ? service.ports : [],
    tty: options.tty,
    stdinOpen: options.interactive,
    environment: { ...service.environment, ...options.environment },
    command: options.command ?? (options.entrypoint === undefined ? service.command : undefined),
    entrypoint: options.entrypoint ?? service.entrypoint,
    user: options.user ?? service.user,
    workingDir: options.workingDir ?? service.workingDir,
    capAdd: [...service.capAdd, ...(options.capAdd ?? [])],
    capDrop: [...service.capDrop, ...(options.capDrop ?? [])],
    labels: { ...service.labels, ...options.labels },
  }
  const imageId = service.image?.kind === 'reference' ? observed.images[service.image.text]?.id : undefined
  const spec = serviceSpec(project, service, digests)
  const isOneOff = options.useAliases !== true
  const body = containerBody(project, adjusted, spec, { name, number: 1, isOneOff, imageId, inheritedVolumes: {} })
  const published = publishedPorts(options.publish ?? [])
  return {
    ...body,
    Env: environmentList(adjusted.environment),
    AttachStdin: options.interactive && !options.detach,
    // In the background it stays open, for whoever attaches later.
    StdinOnce: options.interactive && !options.detach,
    ExposedPorts: { ...body.ExposedPorts, ...Object.fromEntries(Object.keys(published).map(port => [port, {}])) },
    Labels: { ...body.Labels, [label.oneOff]: 'True', [label.slug]: slug },
    HostConfig: {
      ...body.HostConfig,
      AutoRemove: options.remove,
      Binds: [...(body.HostConfig?.Binds ?? []), ...(options.volumes ?? [])],
      PortBindings: { ...body.HostConfig?.PortBindings, ...published },
    },
  }
}

/** `[[ip:]host:]container[/protocol]` of `run -p`. */
function publishedPorts(entries: readonly string[]): PortMap {
  const bindings: PortMap = {}
  for (const entry of entries) {
    const match = /^(?:(?:(.+):)?(\d*(?:-\d+)?):)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(entry)
    if (match === null)
      throw new BerthError('USAGE', `expected [[address:]port:]port[/protocol] after -p, found "${entry}"`)
    const [, hostIp = '', published = '', target, protocol = 'tcp'] = match
    const port = `${target}/${protocol}`
    bindings[port] = [...(bindings[port] ?? []), { HostIp: hostIp.replace(/^\[(.*)\]$/, '$1'), HostPort: published }]
  }
  return bindings
}
