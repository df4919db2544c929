import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import type { EventBus } from '../events/bus.ts'
import type { LayerWorkers } from '../images/layer-worker.ts'
import type { Collection } from '../store/store.ts'
import { isEmptyDirectory, mayHaveContent } from './copy-up.ts'
import { DriverMounts } from './driver-mounts.ts'
import { ImageMounts } from './image-mounts.ts'
import type { MountRequest, ResolvedMount } from './mounts.ts'
import { anonymousLabel, checkVolumeName, randomVolumeName } from './names.ts'
import { parseDriverOptions } from './options.ts'
import { SharedMemory } from './shared-memory.ts'
import { resolveSubpath } from './subpath.ts'

/** What the containers' side needs from volumes. */
export interface ContainerVolumes {
  /**
   * At create: makes the volumes that do not exist yet and records `containerId` as their user. Volume names come back filled in
   * (anonymous ones too), so that the container's record holds them; binds pass through. Undone by `release`.
   */
  reserve(containerId: string, mounts: readonly MountRequest[]): Promise<readonly MountRequest[]>
  /**
   * At every start: mount sources in the order given. `imageLower` (top-most first) is where an empty volume's first content is copied from; give none
   * for `rootfs:` images, whose directories are the host's own.
   * Throws BerthError INVALID_ARGUMENT `bind source path does not exist: /x` as dockerd does.
   */
  prepare(
    containerId: string,
    mounts: readonly MountRequest[],
    imageLower: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly ResolvedMount[]>
  readonly sharedMemory: SharedMemory
  /** Where a volume's files are. */
  mountpoint(volume: { readonly name: string }): string
  /** Where an image is while a container has it mounted. */
  imageDirectory(imageId: string): string
  /** After the exit: what was mounted for this container alone is unmounted. Idempotent. */
  unmount(containerId: string): Promise<void>
  /** At remove. `removeAnonymous` is `docker rm -v`. */
  release(containerId: string, options?: { readonly removeAnonymous?: boolean }): Promise<void>
  /** At the daemon's start, for every container on record; `isRunning`: its volumes are mounted. */
  adopt(containerId: string, mounts: readonly MountRequest[], isRunning?: boolean): void
}

/** A volume as it is stored. */
export interface VolumeRecord {
  readonly name: string
  readonly driver: 'local'
  /** RFC 3339. */
  readonly createdAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

export interface VolumeOptions {
  readonly name?: string
  readonly driver?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, string>>
}

export interface VolumeServiceOptions {
  readonly dataRoot: string
  readonly volumes: Collection<VolumeRecord>
  readonly workers: Pick<LayerWorkers, 'copyUp' | 'remove' | 'mount' | 'unmount'>
  readonly events: Pick<EventBus, 'publish'>
  /** Directories of an image's layers, the top-most first. */
  readonly layersOf: (imageId: string) => Promise<readonly string[]>
  readonly now?: () => Date
}

/** Named directories that outlive containers: `<dataRoot>/volumes/<name>/_data` (driver `local`). */
export class VolumeService implements ContainerVolumes {
  readonly #options: VolumeServiceOptions
  readonly #root: string
  readonly #mounts: DriverMounts
  readonly #images: ImageMounts
  readonly sharedMemory: SharedMemory
  readonly #users = new Map<string, Set<string>>()
  /** Volumes that containers have mounted now. */
  readonly #mounted = new Map<string, Set<string>>()
  /** First fillings that are under way: containers that start together share one. */
  readonly #filling = new Map<string, Promise<void>>()

  constructor(options: VolumeServiceOptions) {
    this.#options = options
    this.#root = join(options.dataRoot, 'volumes')
    this.#mounts = new DriverMounts(options.workers)
    this.sharedMemory = new SharedMemory(options.dataRoot, this.#mounts)
    this.#images = new ImageMounts({ ...options, mounts: this.#mounts })
  }

  list(): VolumeRecord[] {
    return this.#options.volumes.list()
  }

  /** Throws NOT_FOUND `get x: no such volume`. */
  get(name: string): VolumeRecord {
    const volume = this.#options.volumes.get(name)
    if (volume === undefined) throw new BerthError('NOT_FOUND', `get ${name}: no such volume`)
    return volume
  }

  imageDirectory(imageId: string): string {
    return this.#images.directory(imageId)
  }

  /** Ids of the containers that have it. */
  usersOf(name: string): readonly string[] {
    return [...(this.#users.get(name) ?? [])]
  }

  /** The directory that is mounted. */
  mountpoint(volume: { readonly name: string }): string {
    return join(this.#root, volume.name, '_data')
  }

  /** Makes a volume, or answers the one that has the name already. CONFLICT when that one has another driver or other options. */
  async create(wanted: VolumeOptions): Promise<VolumeRecord> {
    const { driver = 'local', options = {} } = wanted
    if (driver !== 'local' && driver !== '') {
      throw new BerthError(
        'NOT_FOUND',
        `create ${wanted.name ?? ''}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
      )
    }
    const isAnonymous = wanted.name === undefined || wanted.name === ''
    const name = isAnonymous ? randomVolumeName() : (wanted.name ?? '')
    checkVolumeName(name)
    const existing = this.#options.volumes.get(name)
    if (existing !== undefined) {
      if (wanted.options !== undefined && !isSame(existing.options, options)) {
        throw new BerthError('CONFLICT', `volume ${name} exists with other driver options`)
      }
      return existing
    }
    checkDriverOptions(name, options)
    const volume: VolumeRecord = Object.freeze({
      name,
      driver: 'local',
      createdAt: (this.#options.now?.() ?? new Date()).toISOString().replace(/\.\d+Z$/, 'Z'),
      labels: { ...wanted.labels, ...(isAnonymous ? { [anonymousLabel]: '' } : {}) },
      options,
    })
    // The record first: whoever asks for the same name meanwhile gets this one, and an interruption leaves at most a volume without files.
    await this.#options.volumes.put(name, volume)
    await this.#makeDirectory(volume)
    this.#options.events.publish('volume', 'create', name, { driver: 'local' })
    return volume
  }

  /** Throws NOT_FOUND, or CONFLICT while containers have it. With `force` a missing one is no error. */
  async remove(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    if (force && this.#options.volumes.get(name) === undefined) return
    const volume = this.get(name)
    const users = this.usersOf(name)
    if (users.length > 0) {
      throw new BerthError('CONFLICT', `remove ${name}: volume is in use - [${users.join(', ')}]`)
    }
    // First of all: what is mounted there, such as a folder of the host, must not be removed with it.
    if (parseDriverOptions(volume.options).kind === 'mount')
      await this.#options.workers.unmount(this.mountpoint(volume))
    await this.#options.volumes.delete(volume.name)
    const removed = join(this.#root, `.removed-${randomVolumeName().slice(0, 16)}`)
    await rename(join(this.#root, volume.name), removed).catch(ignoreMissing)
    void this.#options.workers.remove(removed).catch(() => rm(removed, { recursive: true, force: true }))
    this.#options.events.publish('volume', 'destroy', name, { driver: 'local' })
  }

  async reserve(containerId: string, mounts: readonly MountRequest[]): Promise<readonly MountRequest[]> {
    return Promise.all(
      mounts.map(async mount => {
        if (mount.kind !== 'volume') return mount
        const name = mount.name === '' ? randomVolumeName() : mount.name
        // Before the first await, so that nobody removes the volume in between.
        this.#addUser(name, containerId)
        const labels = mount.name === '' ? { ...mount.labels, [anonymousLabel]: '' } : mount.labels
        await this.create({
          name,
          ...(mount.driver === undefined ? {} : { driver: mount.driver }),
          ...(labels === undefined ? {} : { labels }),
          ...(mount.driverOptions === undefined ? {} : { options: mount.driverOptions }),
        })
        return { ...mount, name }
      }),
    )
  }

  prepare(
    containerId: string,
    mounts: readonly MountRequest[],
    imageLower: readonly string[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly ResolvedMount[]> {
    return Promise.all(
      mounts.map(mount => {
        if (mount.kind === 'bind') return prepareBind(mount)
        if (mount.kind === 'image') return this.#images.prepare(containerId, mount, signal)
        return this.#prepareVolume(containerId, mount, imageLower, signal)
      }),
    )
  }

  async unmount(containerId: string): Promise<void> {
    for (const name of this.#mounted.get(containerId) ?? [])
      this.#options.events.publish('volume', 'unmount', name, { container: containerId, driver: 'local' })
    this.#mounted.delete(containerId)
    await this.#mounts.leave(containerId)
  }

  async release(
    containerId: string,
    { removeAnonymous = false }: { readonly removeAnonymous?: boolean } = {},
  ): Promise<void> {
    await this.unmount(containerId)
    await this.sharedMemory.forget(containerId)
    const freed: string[] = []
    for (const [name, users] of this.#users) {
      if (!users.delete(containerId)) continue
      if (users.size > 0) continue
      this.#users.delete(name)
      freed.push(name)
    }
    if (!removeAnonymous) return
    const anonymous = freed.filter(name => {
      const volume = this.#options.volumes.get(name)
      return volume !== undefined && Object.hasOwn(volume.labels, anonymousLabel)
    })
    await Promise.all(anonymous.map(name => this.remove(name, { force: true })))
  }

  adopt(containerId: string, mounts: readonly MountRequest[], isRunning = false): void {
    for (const mount of mounts) {
      if (mount.kind === 'image' && isRunning) this.#images.adopt(containerId, mount)
      if (mount.kind !== 'volume' || mount.name === '') continue
      this.#addUser(mount.name, containerId)
      if (isRunning) this.#noteMounted(mount.name, containerId)
      const volume = this.#options.volumes.get(mount.name)
      if (isRunning && volume !== undefined && parseDriverOptions(volume.options).kind === 'mount')
        this.#mounts.adopt(this.mountpoint(volume), containerId)
    }
  }

  #noteMounted(name: string, containerId: string): void {
    this.#mounted.set(containerId, (this.#mounted.get(containerId) ?? new Set<string>()).add(name))
  }

  #tellMounted(name: string, containerId: string, mount: Extract<MountRequest, { kind: 'volume' }>): void {
    this.#noteMounted(name, containerId)
    this.#options.events.publish('volume', 'mount', name, {
      container: containerId,
      destination: mount.target,
      driver: 'local',
      propagation: mount.propagation ?? '',
      'read/write': String(!mount.isReadOnly),
    })
  }

  #addUser(name: string, containerId: string): void {
    const users = this.#users.get(name) ?? new Set<string>()
    users.add(containerId)
    this.#users.set(name, users)
  }

  async #prepareVolume(
    containerId: string,
    mount: Extract<MountRequest, { kind: 'volume' }>,
    imageLower: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ResolvedMount> {
    const volume = this.get(mount.name)
    const backing = parseDriverOptions(volume.options)
    const data = this.mountpoint(volume)
    await this.#makeDirectory(volume)
    if (backing.kind === 'mount') await this.#mounts.use(data, backing, containerId, signal)
    else if (mount.noCopy !== true && mount.subpath === undefined) {
      await this.#fill(volume, data, imageLower, mount.target, signal)
    }
    this.#tellMounted(volume.name, containerId, mount)
    return {
      kind: 'volume',
      name: volume.name,
      source: mount.subpath === undefined ? data : await resolveSubpath(data, mount.subpath),
      target: mount.target,
      isReadOnly: mount.isReadOnly,
      propagation: mount.propagation ?? '',
      isRecursive: true,
      driver: volume.driver,
    }
  }

  /** Copies what the image has at `target` into the volume when it is empty. */
  async #fill(
    volume: VolumeRecord,
    data: string,
    lower: readonly string[],
    target: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const running = this.#filling.get(volume.name)
    if (running !== undefined) return running
    if (lower.length === 0 || !(await isEmptyDirectory(data)) || !(await mayHaveContent(lower, target))) return
    const filling =
      this.#filling.get(volume.name) ??
      this.#copyUp(volume, data, lower, target, signal).finally(() => this.#filling.delete(volume.name))
    this.#filling.set(volume.name, filling)
    return filling
  }

  /** Into a folder beside it that then takes its place: an interruption leaves the volume empty, to be filled the next time. */
  async #copyUp(
    volume: VolumeRecord,
    data: string,
    lower: readonly string[],
    target: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const filled = join(this.#root, volume.name, '.filling')
    await this.#options.workers.remove(filled)
    await mkdir(filled, { mode: 0o755 })
    await this.#options.workers.copyUp({ lower, subpath: target, target: filled }, signal)
    await rename(filled, data).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY') throw error
    })
  }

  async #makeDirectory(volume: VolumeRecord): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o701 })
    await mkdir(join(this.#root, volume.name), { recursive: true, mode: 0o701 })
    await mkdir(this.mountpoint(volume), { recursive: true, mode: 0o755 })
  }
}

async function prepareBind(mount: Extract<MountRequest, { kind: 'bind' }>): Promise<ResolvedMount> {
  const exists = await stat(mount.source).then(
    () => true,
    () => false,
  )
  if (!exists) {
    if (!mount.createsSource) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`,
      )
    }
    await mkdir(mount.source, { recursive: true, mode: 0o755 })
  }
  return {
    kind: 'bind',
    source: mount.source,
    target: mount.target,
    isReadOnly: mount.isReadOnly,
    propagation: mount.propagation ?? 'rprivate',
    isRecursive: mount.isRecursive ?? true,
    ...(mount.isIdmapped === true ? { isIdmapped: true } : {}),
    ...(mount.isFlatReadOnly === true ? { isFlatReadOnly: true } : {}),
  }
}

/** Throws INVALID_ARGUMENT with the volume's name. */
function checkDriverOptions(name: string, options: Readonly<Record<string, string>>): void {
  try {
    parseDriverOptions(options)
  } catch (error) {
    throw error instanceof BerthError ? new BerthError(error.code, `create ${name}: ${error.message}`) : error
  }
}

function isSame(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every(key => left[key] === right[key])
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
