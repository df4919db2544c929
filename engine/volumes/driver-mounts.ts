import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { BerthError } from '../../schemas/errors.ts'
import type { LayerWorkers } from '../images/layer-worker.ts'
import { NativeError } from '../runtime/connection.ts'
import type { VolumeBacking } from './options.ts'

type MountBacking = Extract<VolumeBacking, { kind: 'mount' }>

/**
 * Volumes with a file system of their own: mounted on their directory while at least one container uses them. What a daemon before this one mounted is
 * found mounted and taken over.
 */
export class DriverMounts {
  readonly #workers: Pick<LayerWorkers, 'mount' | 'unmount'>
  readonly #users = new Map<string, Set<string>>()
  /** The last change of each directory: changes of one happen one after the other. */
  readonly #last = new Map<string, Promise<unknown>>()

  constructor(workers: Pick<LayerWorkers, 'mount' | 'unmount'>) {
    this.#workers = workers
  }

  /** Throws INTERNAL with the kernel's reason. */
  async use(directory: string, backing: MountBacking, containerId: string, signal?: AbortSignal): Promise<void> {
    const users = this.#users.get(directory) ?? new Set<string>()
    this.#users.set(directory, users)
    users.add(containerId)
    await this.#after(directory, async () => {
      const options = await resolveAddress(backing)
      await this.#workers.mount({ type: backing.type, source: backing.device, target: directory, options }, signal)
    }).catch((error: unknown) => {
      users.delete(containerId)
      throw explain(error, directory)
    })
  }

  /** After a restart of the daemon: a running container has it mounted. */
  adopt(directory: string, containerId: string): void {
    this.#users.set(directory, (this.#users.get(directory) ?? new Set<string>()).add(containerId))
  }

  /** The container has stopped: what nobody else uses is unmounted. */
  async leave(containerId: string): Promise<void> {
    const left = [...this.#users].filter(([, users]) => users.delete(containerId) && users.size === 0)
    await Promise.all(
      left.map(([directory]) =>
        this.#after(directory, async () => {
          if ((this.#users.get(directory)?.size ?? 0) > 0) return
          this.#users.delete(directory)
          await this.#workers.unmount(directory)
        }),
      ),
    )
  }

  #after(directory: string, work: () => Promise<void>): Promise<void> {
    const next = (this.#last.get(directory) ?? Promise.resolve()).then(work, work)
    const settled = next
      .catch(() => undefined)
      .finally(() => {
        if (this.#last.get(directory) === settled) this.#last.delete(directory)
      })
    this.#last.set(directory, settled)
    return next
  }
}

/** The kernel's NFS and CIFS take addresses only: a name in `addr=` is looked up at every mount, as dockerd does. */
async function resolveAddress({ type, options }: MountBacking): Promise<readonly string[]> {
  if (!/^(?:nfs4?|cifs)$/.test(type)) return options
  return Promise.all(
    options.map(async option => {
      const name = /^addr=(.+)$/.exec(option)?.[1]
      return name === undefined || isIP(name) !== 0 ? option : `addr=${(await lookup(name)).address}`
    }),
  )
}

function explain(error: unknown, directory: string): unknown {
  if (!(error instanceof NativeError)) return error
  return new BerthError(
    'INTERNAL',
    `error while mounting volume '${directory}': failed to mount local volume: ${error.failure.message}`,
    { cause: error },
  )
}
