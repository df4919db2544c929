import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverMounts } from './driver-mounts.ts'

/** /dev/shm of containers that let others in (IpcMode `shareable`): a tmpfs of the host's, mounted while the owner or one who joined it runs. */
export class SharedMemory {
  readonly #root: string
  readonly #mounts: DriverMounts

  constructor(dataRoot: string, mounts: DriverMounts) {
    this.#root = join(dataRoot, 'shared-memory')
    this.#mounts = mounts
  }

  directory(ownerId: string): string {
    return join(this.#root, ownerId)
  }

  /** Answers the folder to bind. */
  async use(ownerId: string, containerId: string, bytes: number, signal?: AbortSignal): Promise<string> {
    const directory = this.directory(ownerId)
    await mkdir(directory, { recursive: true, mode: 0o711 })
    const options = ['nosuid', 'nodev', 'noexec', 'mode=1777', `size=${bytes}`]
    await this.#mounts.use(directory, { kind: 'mount', type: 'tmpfs', device: 'shm', options }, containerId, signal)
    return directory
  }

  adopt(ownerId: string, containerId: string): void {
    this.#mounts.adopt(this.directory(ownerId), containerId)
  }

  /** With the container. Somebody who still has it mounted keeps it. */
  async forget(ownerId: string): Promise<void> {
    await rmdir(this.directory(ownerId)).catch(() => undefined)
  }
}
