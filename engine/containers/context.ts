import type { EventBus } from '../events/bus.ts'
import type { LayerWorkers } from '../images/layer-worker.ts'
import type { ContainerImages } from '../images/service.ts'
import type { Logger } from '../log.ts'
import type { ContainerNetworks } from '../networks/attachments.ts'
import type { Runtimes } from '../runtime/runtimes.ts'
import type { Spawner } from '../runtime/spawner.ts'
import type { HostTraits } from '../runtime/spec.ts'
import type { UserNamespaces } from '../users/remap.ts'
import type { ContainerVolumes } from '../volumes/service.ts'
import type { AccountCache } from './account-cache.ts'
import type { HostResources } from './check-resources.ts'
import type { Clock } from './clock.ts'
import type { Container } from './container.ts'
import type { KeyedQueue } from './keyed-queue.ts'
import type { OomIncidents } from './oom-incidents.ts'
import { type ContainerPaths, containerPaths } from './record.ts'
import type { ContainerRegistry } from './registry.ts'
import type { Effect } from './state.ts'
import type { Tracer } from './tracer.ts'
import type { Trash } from './trash.ts'

/** What every function of this folder may use. Made once, by `main.ts`. */
export interface ContainerContext {
  readonly registry: ContainerRegistry
  /** One writer per container: whatever changes state or runtime of a container runs in its queue. */
  readonly queue: KeyedQueue
  readonly incidents: OomIncidents
  readonly tracer: Tracer
  readonly events: EventBus
  readonly networks: ContainerNetworks
  readonly images: ContainerImages
  readonly volumes: ContainerVolumes
  readonly spawner: Spawner
  /** Read and write files of containers. */
  readonly workers: LayerWorkers
  readonly log: Logger
  readonly clock: Clock
  readonly trash: Trash
  readonly accounts: AccountCache
  readonly users: UserNamespaces
  readonly runtimes: Runtimes
  /** The host's /etc/resolv.conf as it is now. */
  readonly hostResolvConf: () => string
  readonly host: HostTraits & HostResources
  /** What a step of a container's life calls for (effects.ts). */
  readonly runEffect: (context: ContainerContext, container: Container, effect: Effect) => Promise<void>
  readonly runDir: string
  readonly dataRoot: string
}

export const pathsOf = (context: ContainerContext, id: string): ContainerPaths =>
  containerPaths(id, context.runDir, context.dataRoot)
