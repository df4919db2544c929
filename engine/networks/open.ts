import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventBus } from '../events/bus.ts'
import type { Logger } from '../log.ts'
import type { Spawner } from '../runtime/spawner.ts'
import type { Store } from '../store/store.ts'
import type { ContainerNetworks, NetworkRequest } from './attachments.ts'
import { NetworkCatalog } from './catalog.ts'
import { ContainerAttachments } from './container-networks.ts'
import { Netd } from './netd.ts'
import type { NetworkRecord } from './record.ts'
import { NetworkService } from './service.ts'

export interface Networks {
  readonly service: NetworkService
  readonly containers: ContainerNetworks
  /** Leaves netd, and with it every container's network, running, unless there is no such container. */
  close(): Promise<void>
}

export interface NetworksOptions {
  readonly store: Store
  readonly events: EventBus
  readonly spawner: Pick<Spawner, 'netd'>
  readonly runDir: string
  readonly log: Logger
}

/**
 * The networks' part of the daemon: connects to netd (started if need be), takes over what it holds, makes the predefined networks. Afterwards the
 * containers' side calls `containers.reconcile` once.
 */
export async function openNetworks(options: NetworksOptions): Promise<Networks> {
  const { store, events, spawner, runDir, log } = options
  const catalog = new NetworkCatalog(store.collection<NetworkRecord>('networks'))
  const netd = new Netd({
    socket: join(runDir, 'netd.sock'),
    start: () => spawner.netd(),
    onConnected: state => {
      service.adopt(state)
      containers.adopt(state)
    },
    log,
  })
  const service = new NetworkService(
    { catalog, netd, events, newId: () => randomBytes(32).toString('hex'), now: () => new Date().toISOString() },
    () => containers,
  )
  const containers = new ContainerAttachments({
    requests: store.collection<NetworkRequest>('network-requests'),
    catalog,
    netd,
    events,
    runDir,
    bringUp: network => service.bringUp(network),
    log,
  })
  await netd.connect()
  // Not before netd answered: the spawner mounts a tmpfs over the run directory first.
  await mkdir(join(runDir, 'netns'), { recursive: true, mode: 0o700 })
  await service.definePredefined()
  return { service, containers, close: () => netd.close() }
}
