import type { ContainerExtension } from '../../schemas/api/berth.ts'
import type { ContainerCreateRequest, HealthConfig } from '../../schemas/api/container-create.ts'
import type { EndpointSettings } from '../../schemas/api/endpoint.ts'
import { berthVersion } from '../../schemas/version.ts'
import { serviceDependencies } from '../graph/service-graph.ts'
import { label } from '../model/labels.ts'
import type { Healthcheck, Project, Service, ServiceNetwork } from '../model/project.ts'
import { reservationLabel } from '../model/reservation.ts'
import { hostConfigOf } from './host-config.ts'
import { builtImageName, type ServiceSpec, specLabel } from './spec.ts'

export interface ContainerIdentity {
  /** The final name. */
  readonly name: string
  readonly number: number
  readonly isOneOff: boolean
  /** Id of the image as far as it is known before the run; goes into a label, to see later that the tag has moved. */
  readonly imageId: string | undefined
  /** Anonymous volumes to keep from the container that this one replaces: target -> volume name. */
  readonly inheritedVolumes: Readonly<Record<string, string>>
}

/** A service's name for the nth of its containers. */
export const containerName = (project: Project, service: Service, number: number): string =>
  service.containerName ?? [project.name, service.name, number].join(project.separator)

/** Body of POST /containers/create for a container of a service. Pure: the same values always give the same body. */
export function containerBody(
  project: Project,
  service: Service,
  spec: ServiceSpec,
  identity: ContainerIdentity,
): ContainerCreateRequest {
  const endpoints = endpointsOf(project, service, identity)
  const anonymous = service.mounts.filter(mount => mount.type === 'volume' && mount.source === undefined)
  const fresh = anonymous.filter(mount => identity.inheritedVolumes[mount.target] === undefined)
  const extension = extensionOf(service)
  return {
    Image: service.image?.text ?? builtImageName(project, service),
    ...(service.command && { Cmd: [...service.command] }),
    ...(service.entrypoint && { Entrypoint: [...service.entrypoint] }),
    Env: environmentList(service.environment),
    ...(service.workingDir !== undefined && { WorkingDir: service.workingDir }),
    ...(service.user !== undefined && { User: service.user }),
    ...(service.hostname !== undefined && { Hostname: service.hostname }),
    ...(service.domainname !== undefined && { Domainname: service.domainname }),
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: service.stdinOpen,
    OpenStdin: service.stdinOpen,
    Tty: service.tty,
    ExposedPorts: exposedPorts(service),
    ...(fresh.length > 0 && { Volumes: Object.fromEntries(fresh.map(({ target }) => [target, {}])) }),
    ...(service.healthcheck && { Healthcheck: healthConfig(service.healthcheck) }),
    ...(service.stopSignal !== undefined && { StopSignal: service.stopSignal }),
    ...(service.stopGracePeriodMs !== undefined && { StopTimeout: Math.ceil(service.stopGracePeriodMs / 1000) }),
    Labels: { ...service.labels, ...composeLabels(project, service, spec, identity) },
    HostConfig: {
      ...hostConfigOf(project, service, identity.inheritedVolumes),
      // In networks of the stack they belong to the endpoints.
      ...(service.networkMode.kind === 'other' && linksOf(project, service)),
    },
    ...(endpoints && { NetworkingConfig: { EndpointsConfig: endpoints } }),
    ...(extension && { Berth: extension }),
  }
}

/** A name without a value takes the variable of that name out of the image's. */
export function environmentList(environment: Service['environment']): string[] {
  return Object.entries(environment).map(([name, value]) => (value === null ? name : `${name}=${value}`))
}

function composeLabels(
  project: Project,
  service: Service,
  spec: ServiceSpec,
  { number, isOneOff, imageId }: ContainerIdentity,
): Record<string, string> {
  const dependencies = serviceDependencies(service).map(
    ({ service: name, condition, restart }) => `${name}:${condition}:${restart}`,
  )
  return {
    [label.project]: project.name,
    [label.service]: service.name,
    [label.number]: String(number),
    [label.oneOff]: isOneOff ? 'True' : 'False',
    [label.configHash]: service.configHash,
    [label.dependsOn]: dependencies.join(','),
    [label.configFiles]: project.files.join(','),
    [label.workingDir]: project.workingDir,
    [label.version]: berthVersion,
    ...(imageId !== undefined && { [label.image]: imageId }),
    ...(service.reservation && { [reservationLabel]: JSON.stringify(service.reservation) }),
    [specLabel]: JSON.stringify(spec),
  }
}

function exposedPorts(service: Service): Record<string, Record<string, never>> {
  const ports: Record<string, Record<string, never>> = {}
  for (const entry of service.expose) ports[entry.includes('/') ? entry : `${entry}/tcp`] = {}
  for (const { target, protocol } of service.ports) ports[`${target}/${protocol}`] = {}
  return ports
}

const nanosecondsPerMillisecond = 1e6

function healthConfig(check: Healthcheck): HealthConfig {
  const time = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : value * nanosecondsPerMillisecond
  return {
    ...(check.test.length > 0 && { Test: [...check.test] }),
    ...(check.intervalMs !== undefined && { Interval: time(check.intervalMs) }),
    ...(check.timeoutMs !== undefined && { Timeout: time(check.timeoutMs) }),
    ...(check.startPeriodMs !== undefined && { StartPeriod: time(check.startPeriodMs) }),
    ...(check.startIntervalMs !== undefined && { StartInterval: time(check.startIntervalMs) }),
    ...(check.retries !== undefined && { Retries: check.retries }),
  }
}

/** Every network at create (API 1.44 and newer); an older engine gets all but the first by a connect call each. */
function endpointsOf(
  project: Project,
  service: Service,
  identity: ContainerIdentity,
): Record<string, EndpointSettings> | undefined {
  if (service.networkMode.kind !== 'networks') return undefined
  const endpoints: Record<string, EndpointSettings> = {}
  for (const [index, network] of service.networks.entries()) {
    const name = project.networks[network.network]?.name ?? network.network
    endpoints[name] = {
      ...endpointOf(service, network, identity, index === 0),
      ...linksOf(project, service),
    }
  }
  return endpoints
}

/** Names that this container alone resolves: `CONTAINER:ALIAS`, in each of its networks or on the default bridge, as Compose sends them. */
function linksOf(project: Project, service: Service): Pick<EndpointSettings, 'Links'> {
  const own = service.links.flatMap(link => {
    const [name = link, alias = name] = link.split(':')
    const linked = project.services[name]
    if (linked === undefined) return []
    return Array.from({ length: linked.scale }, (_, index) => `${containerName(project, linked, index + 1)}:${alias}`)
  })
  const external = service.externalLinks.map(link => (link.includes(':') ? link : `${link}:${link}`))
  return own.length + external.length === 0 ? {} : { Links: [...own, ...external] }
}

function endpointOf(
  service: Service,
  network: ServiceNetwork,
  identity: ContainerIdentity,
  isFirst: boolean,
): EndpointSettings {
  const { ipv4Address, ipv6Address, linkLocalIps, gatewayPriority, driverOpts, interfaceName } = network
  const hasAddress = ipv4Address !== undefined || ipv6Address !== undefined || linkLocalIps.length > 0
  const macAddress = network.macAddress ?? (isFirst ? service.macAddress : undefined)
  const options = {
    ...driverOpts,
    ...(interfaceName !== undefined && { 'com.docker.network.endpoint.ifname': interfaceName }),
  }
  return {
    Aliases: identity.isOneOff ? [] : [...new Set([identity.name, service.name, ...network.aliases])],
    ...(hasAddress && {
      IPAMConfig: {
        ...(ipv4Address !== undefined && { IPv4Address: ipv4Address }),
        ...(ipv6Address !== undefined && { IPv6Address: ipv6Address }),
        ...(linkLocalIps.length > 0 && { LinkLocalIPs: [...linkLocalIps] }),
      },
    }),
    ...(macAddress !== undefined && { MacAddress: macAddress }),
    ...(gatewayPriority !== 0 && { GwPriority: gatewayPriority }),
    ...(Object.keys(options).length > 0 && { DriverOpts: options }),
  }
}

function extensionOf(service: Service): ContainerExtension | undefined {
  if (service.oom === undefined && service.priority === undefined) return undefined
  return {
    ...(service.oom && { Oom: service.oom }),
    ...(service.priority !== undefined && { Priority: service.priority }),
  }
}
