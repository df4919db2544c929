import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../schemas/errors.ts'
import type { HostFacts } from '../schemas/runtime/spawner.ts'
import { berthVersion } from '../schemas/version.ts'
import { BuildService } from './build/service.ts'
import { AccountCache } from './containers/account-cache.ts'
import { systemClock } from './containers/clock.ts'
import type { ContainerContext } from './containers/context.ts'
import { runEffect } from './containers/effects.ts'
import { Execs } from './containers/exec.ts'
import { KeyedQueue } from './containers/keyed-queue.ts'
import { OomIncidents } from './containers/oom-incidents.ts'
import { recoverContainers } from './containers/recover.ts'
import { ContainerRegistry } from './containers/registry.ts'
import { Tracer } from './containers/tracer.ts'
import { Trash } from './containers/trash.ts'
import { EventBus } from './events/bus.ts'
import { parseListenTarget } from './http/listen.ts'
import { ApiServer } from './http/server.ts'
import { LayerWorkers } from './images/layer-worker.ts'
import { ImageService } from './images/service.ts'
import { imageUsage } from './images/usage.ts'
import type { Logger } from './log.ts'
import { openNetworks } from './networks/open.ts'
import type { DaemonOptions } from './options.ts'
import { archiveRoutes } from './routes/archive.ts'
import { berthRoutes } from './routes/berth.ts'
import { buildRoutes } from './routes/build.ts'
import { containerRoutes } from './routes/containers.ts'
import { eventRoutes } from './routes/events.ts'
import { execRoutes } from './routes/exec.ts'
import { imageRoutes } from './routes/images.ts'
import { networkRoutes } from './routes/networks.ts'
import { noSwarmRoutes } from './routes/no-swarm.ts'
import { systemRoutes } from './routes/system.ts'
import { volumeRoutes } from './routes/volumes.ts'
import { Runtimes } from './runtime/runtimes.ts'
import { type Spawner, startSpawner } from './runtime/spawner.ts'
import { defaultPath } from './runtime/spec.ts'
import { Store } from './store/store.ts'
import { cachedText, describeHost } from './system/host.ts'
import { userNamespaces } from './users/remap.ts'
import { type VolumeRecord, VolumeService } from './volumes/service.ts'
import { volumeUsage } from './volumes/view.ts'

export interface Daemon {
  /** Path of the socket that clients use. */
  readonly socket: string
  /** Leaves every container running: a later daemon finds them again. */
  close(): Promise<void>
}

const layerWorkers = 4

/** Puts the daemon together, recovers what was, and listens. */
export async function startDaemon(
  options: DaemonOptions,
  native: string,
  log: Logger,
  onFatal: (reason: string) => void,
): Promise<Daemon> {
  const { runDir, dataRoot } = options
  const runtimes = new Runtimes(options.runtimes, process.env['PATH'] ?? defaultPath)
  await mkdir(dataRoot, { recursive: true, mode: 0o710 })
  const store = await Store.open(join(dataRoot, 'state'))
  if (store.damaged.length > 0) log.warn({ lines: store.damaged }, 'damaged lines in the state were left out')
  await mkdir(runDir, { recursive: true, mode: 0o711 })
  const spawner = await startSpawner({ native, runDir, instance: options.instance, onLost: onFatal })
  // Answered once the run directory is a tmpfs: nothing may be made in it before.
  const facts = await spawner.facts()
  checkHost(facts)
  // The sockets of containers have long names: see connectUnixSocket.
  process.chdir(runDir)
  for (const folder of [`${runDir}/containers`, `${runDir}/writable`, `${dataRoot}/containers`]) {
    await mkdir(folder, { recursive: true, mode: 0o710 })
  }

  const events = new EventBus({ now: systemClock.now })
  const workers = new LayerWorkers({ spawner, runDir, concurrency: layerWorkers })
  const images = new ImageService({ dataRoot, workers, events, registries: options.registries })
  for (const damaged of await images.open()) log.warn({ damaged }, 'damaged image left out')
  const volumes = new VolumeService({
    dataRoot,
    volumes: store.collection<VolumeRecord>('volumes'),
    workers,
    events,
    layersOf: async id => (await images.resolve(id)).lower,
  })
  const networks = await openNetworks({ store, events, spawner, runDir, log })
  const host = describeHost(facts.cgroupVersion)
  const context: ContainerContext = {
    registry: new ContainerRegistry(store, log),
    queue: new KeyedQueue(),
    incidents: new OomIncidents(store, log),
    tracer: new Tracer(systemClock.now),
    events,
    networks: networks.containers,
    images,
    volumes,
    spawner,
    workers,
    runEffect,
    log,
    clock: systemClock,
    trash: new Trash({ roots: [dataRoot, runDir], remove: target => workers.remove(target), clock: systemClock, log }),
    accounts: new AccountCache(),
    runtimes,
    users: userNamespaces(options.usernsRemap, await hostAccounts()),
    hostResolvConf: cachedText('/etc/resolv.conf'),
    host: { ...host, capabilities: facts.capabilities, cgroupParent: `/${options.instance}` },
    runDir,
    dataRoot,
  }
  const report = await recoverContainers(context, await noteBoot(store, host.bootId))
  log.info({ ...report }, 'containers recovered')

  const builds = new BuildService(context, images, store)
  await builds.open()
  const execs = new Execs(context)
  const server = new ApiServer({
    version: berthVersion,
    log,
    routes: [
      ...systemRoutes({
        context,
        facts,
        host,
        instance: options.instance,
        registries: options.registries,
        images: () => imageUsage(images),
        volumes: () => Promise.all(volumes.list().map(volume => volumeUsage(volumes, volume))),
        buildCache: () => builds.cache.list(),
      }),
      ...eventRoutes({ events, now: systemClock.now }),
      ...berthRoutes(context),
      ...execRoutes(execs),
      ...archiveRoutes(context, images),
      ...containerRoutes(context, execs),
      ...imageRoutes(images),
      ...buildRoutes(builds),
      ...networkRoutes(networks.service, reference => context.registry.get(reference).record.id),
      ...volumeRoutes(volumes),
      ...noSwarmRoutes(),
    ],
  })
  for (const text of options.hosts) await server.listen(parseListenTarget(text, options))
  return {
    socket: socketOf(options),
    close: () => closeDaemon({ server, context, networks, store, spawner }),
  }
}

function checkHost(facts: HostFacts): void {
  if (facts.controllers.length === 0) {
    throw new BerthError(
      'UNAVAILABLE',
      'no cgroup controller is usable: containers could not be limited or even killed as a whole',
      {
        hint: 'mount cgroups at /sys/fs/cgroup; inside a container start it with --privileged or --cgroupns=host',
      },
    )
  }
  if (!facts.overlay)
    throw new BerthError('UNAVAILABLE', 'this kernel cannot mount overlayfs', { hint: 'modprobe overlay' })
}

/** What is not there says nothing. */
async function hostAccounts() {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
  const [passwd, group, subuid, subgid] = await Promise.all(
    ['/etc/passwd', '/etc/group', '/etc/subuid', '/etc/subgid'].map(read),
  )
  return { passwd: passwd ?? '', group: group ?? '', subuid: subuid ?? '', subgid: subgid ?? '' }
}

/** True when the host was restarted since the last daemon of this data root. */
async function noteBoot(store: Store, bootId: string): Promise<boolean> {
  const boots = store.collection<{ readonly bootId: string }>('boot')
  const last = boots.get('last')?.bootId
  if (last !== bootId) await boots.put('last', { bootId })
  return last !== undefined && last !== bootId
}

const socketOf = (options: DaemonOptions): string =>
  options.hosts.find(text => text.startsWith('unix://'))?.slice('unix://'.length) ?? join(options.runDir, 'berth.sock')

async function closeDaemon(parts: {
  readonly server: ApiServer
  readonly context: ContainerContext
  readonly networks: { close(): Promise<void> }
  readonly store: Store
  readonly spawner: Spawner
}): Promise<void> {
  const { server, context, networks, store, spawner } = parts
  await server.close()
  for (const { live } of context.registry.list()) {
    live.cancelRestart?.()
    live.stopHealth?.()
  }
  // A transition that has begun is finished: its container must not be left between two states.
  await context.queue.idle()
  for (const { live } of context.registry.list()) {
    const { monitor } = live
    live.monitor = undefined
    monitor?.close()
  }
  await networks.close()
  await store.close()
  await spawner.close()
}
