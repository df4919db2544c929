import type { ContainerConfig } from '../../schemas/api/container-create.ts'
import { BerthError } from '../../schemas/errors.ts'
import { commitImage } from '../images/commit-image.ts'
import { applyConfigChanges } from '../images/config-changes.ts'
import type { ImageConfig } from '../images/oci.ts'
import { familiarName, fullName, parseReference, withDefaultTag } from '../images/reference.ts'
import type { ImageService } from '../images/service.ts'
import { publish } from './announce.ts'
import { mountPointPaths } from './changes.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { pause, unpause } from './lifecycle.ts'
import { mergeImageConfig } from './merge-image.ts'
import { wholeTar } from './whole-tar.ts'
import { makeWritableLayer, rootfsOf } from './writable-layer.ts'

export interface CommitOptions {
  /** `repository[:tag]`; empty: an image without a name. */
  readonly name: string
  readonly comment: string
  readonly author: string
  /** Dockerfile instructions. */
  readonly changes: readonly string[]
  /** Freeze a running container meanwhile. */
  readonly pauses: boolean
  /** What the request itself says of the image; the container's own fills in the rest. */
  readonly config: ContainerConfig
  readonly signal: AbortSignal
}

/** POST /commit: the container's image and what it wrote become an image. Answers its id. */
export async function commitContainer(
  context: ContainerContext,
  images: ImageService,
  container: Container,
  options: CommitOptions,
): Promise<string> {
  const { record } = container
  const { id } = record
  const reference = options.name === '' ? undefined : withDefaultTag(parseReference(options.name))
  const config = toImageConfig(mergeImageConfig(withChanges(options), toImageConfig(record.config)))
  const parent = images.store.catalog.get(record.image.id)
  const image = await context.images.reopen(record.image)
  if (image.hostTree !== undefined || parent === undefined) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `${record.name} runs on ${record.image.reference}: there is no image under it`,
      {
        hint: 'export it, and import that',
      },
    )
  }
  const paths = pathsOf(context, id)
  makeWritableLayer(context, image, paths)
  const mountTargets = record.mounts.map(mount => mount.target.slice(1))
  return whilePaused(context, container, options.pauses, async () => {
    const tar = await context.workers.pack(rootfsOf(context, image, paths).upper, 'overlay', {
      signal: options.signal,
      without: [...mountPointPaths, ...mountTargets],
    })
    const committed = await commitImage(images, wholeTar(tar), {
      parent,
      config,
      author: options.author,
      comment: options.comment,
      createdBy: record.args.join(' '),
      names: reference === undefined ? [] : [fullName(reference)],
      signal: options.signal,
    })
    publish(context, container, 'commit', {
      comment: options.comment,
      imageID: committed.id,
      imageRef: reference === undefined ? '' : familiarName(reference),
    })
    return committed.id
  })
}

async function whilePaused<T>(
  context: ContainerContext,
  container: Container,
  pauses: boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (!pauses || container.state.status !== 'running') return work()
  await pause(context, container.record.id)
  try {
    return await work()
  } finally {
    await unpause(context, container.record.id)
  }
}

function withChanges({ config, changes }: CommitOptions): ContainerConfig {
  const changed = applyConfigChanges(toImageConfig(config), changes)
  return { ...config, ...(changed as ContainerConfig) }
}

const members = ['User', 'ExposedPorts', 'Env', 'Entrypoint', 'Cmd', 'Volumes', 'WorkingDir', 'Labels'].concat([
  'StopSignal',
  'Healthcheck',
  'Shell',
  'OnBuild',
])

/** The members of a container's configuration that an image has too. */
function toImageConfig(config: ContainerConfig): ImageConfig {
  return Object.fromEntries(
    Object.entries(config).filter(([name, value]) => members.includes(name) && value !== undefined && !isEmpty(value)),
  )
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
