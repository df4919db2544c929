import type { ContainerSummary } from '../../schemas/api/containers.ts'
import type { NetworkInspect } from '../../schemas/api/networks.ts'
import type { VolumeInspect } from '../../schemas/api/volumes.ts'
import { inspectContainer, listContainers } from '../client/containers.ts'
import { type CallOptions, type EngineClient, withSignal } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { listNetworks } from '../client/networks.ts'
import { listVolumes } from '../client/volumes.ts'
import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import { observeHost } from './host.ts'
import { observeImages } from './images.ts'
import type { Observed, ObservedContainer, ObservedNetwork, ObservedVolume } from './observed.ts'

/**
 * A snapshot of what there is of a project, in four calls side by side whatever its size. With a Project, networks, volumes and images are
 * looked up by the names it gives them; with a name alone, by their labels.
 */
export async function observe(
  client: EngineClient,
  target: Project | { readonly name: string },
  options: CallOptions = {},
): Promise<Observed> {
  const project = 'services' in target ? target : undefined
  const { apiVersion, isBerth } = await client.facts(options.signal)
  const ofProject = { label: [`${label.project}=${target.name}`] }
  const [summaries, networks, volumes, images, host] = await Promise.all([
    listContainers(client, { all: true, filters: ofProject }, options),
    project === undefined ? listNetworks(client, ofProject, options) : networksByName(client, project, options),
    project === undefined ? listVolumes(client, ofProject, options) : volumesByName(client, project, options),
    project === undefined ? {} : observeImages(client, project, options),
    project === undefined ? undefined : observeHost(client, project, options),
  ])
  const exitCodes = await observeExitCodes(client, project, summaries, options)
  return Object.freeze({
    project: target.name,
    engine: { isBerth, apiVersion },
    containers: summaries.map(summary => containerOf(summary, exitCodes)).sort(byServiceAndNumber),
    networks: Object.fromEntries(networks.map(network => [network.Name, networkOf(network)])),
    volumes: Object.fromEntries(volumes.map(volume => [volume.Name, volumeOf(volume)])),
    images,
    ...(host !== undefined && { host }),
  })
}

/** The engine's name filter takes any part of a name, so what comes is looked through again. */
async function networksByName(
  client: EngineClient,
  project: Project,
  options: CallOptions,
): Promise<readonly NetworkInspect[]> {
  const names = new Set(Object.values(project.networks).map(network => network.name))
  if (names.size === 0) return []
  const found = await listNetworks(client, { name: [...names] }, options)
  return found.filter(network => names.has(network.Name))
}

async function volumesByName(
  client: EngineClient,
  project: Project,
  options: CallOptions,
): Promise<readonly VolumeInspect[]> {
  const names = new Set(Object.values(project.volumes).map(volume => volume.name))
  if (names.size === 0) return []
  const found = await listVolumes(client, { name: [...names] }, options)
  return found.filter(volume => names.has(volume.Name))
}

/**
 * The list does not carry exit codes. They matter for ended containers of jobs only (services that others wait for to complete), so only
 * those are looked at one by one.
 */
async function observeExitCodes(
  client: EngineClient,
  project: Project | undefined,
  summaries: readonly ContainerSummary[],
  options: CallOptions,
): Promise<ReadonlyMap<string, number>> {
  if (project === undefined) return new Map()
  const jobs = new Set<string>()
  for (const { dependsOn } of Object.values(project.services)) {
    for (const { service, condition } of dependsOn)
      if (condition === 'service_completed_successfully') jobs.add(service)
  }
  const ended = summaries.filter(({ State, Labels }) => State === 'exited' && jobs.has(Labels[label.service] ?? ''))
  const codes = await Promise.all(ended.map(({ Id }) => exitCodeOf(client, Id, options)))
  return new Map(codes.flatMap((code, index) => (code === undefined ? [] : [[ended[index]?.Id ?? '', code] as const])))
}

async function exitCodeOf(client: EngineClient, id: string, options: CallOptions): Promise<number | undefined> {
  try {
    return (await inspectContainer(client, id, withSignal(options))).State.ExitCode
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function containerOf(summary: ContainerSummary, exitCodes: ReadonlyMap<string, number>): ObservedContainer {
  const { Labels: labels } = summary
  const networks = Object.entries(summary.NetworkSettings.Networks).map(([name, { NetworkID = '' }]) => [
    name,
    NetworkID,
  ])
  return {
    id: summary.Id,
    name: nameOf(summary),
    service: labels[label.service] ?? '',
    number: Number(labels[label.number] ?? '1'),
    isOneOff: labels[label.oneOff] === 'True',
    state: summary.State,
    exitCode: exitCodes.get(summary.Id),
    image: summary.Image,
    imageId: summary.ImageID,
    labels,
    networks: Object.fromEntries(networks),
    mounts: summary.Mounts.map(mount => ({
      type: mount.Type,
      name: mount.Name,
      source: mount.Source,
      target: mount.Destination,
    })),
    createdAtSeconds: summary.Created,
  }
}

/** A linked container has further names with a slash inside (`/web/db`); its own has none. */
function nameOf({ Names, Id }: ContainerSummary): string {
  const own = Names.find(name => name.indexOf('/', 1) === -1)
  return own === undefined ? Id.slice(0, 12) : own.slice(1)
}

function byServiceAndNumber(a: ObservedContainer, b: ObservedContainer): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1
  return a.number - b.number || (a.id < b.id ? -1 : 1)
}

function networkOf(network: NetworkInspect): ObservedNetwork {
  return {
    id: network.Id,
    name: network.Name,
    driver: network.Driver,
    isInternal: network.Internal,
    isAttachable: network.Attachable,
    enableIpv6: network.EnableIPv6,
    options: network.Options ?? {},
    ipam: (network.IPAM.Config ?? []).map(({ Subnet, Gateway, IPRange }) => ({
      subnet: Subnet,
      gateway: Gateway,
      ipRange: IPRange,
    })),
    labels: network.Labels ?? {},
  }
}

const volumeOf = (volume: VolumeInspect): ObservedVolume => ({
  name: volume.Name,
  driver: volume.Driver,
  options: volume.Options ?? {},
  labels: volume.Labels ?? {},
})
