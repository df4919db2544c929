import type { ContainerSummary } from '../../schemas/api/containers.ts'
import type { ImageInspect } from '../../schemas/api/images.ts'
import { humanDuration } from '../../schemas/human-duration.ts'
import type { ImagesRow } from '../../schemas/output/images.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { inspectImage } from '../client/images.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { nameOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { decimalSize } from '../ui/human.ts'
import { formatTable, wideMinimum } from '../ui/table.ts'
import { defineCommand } from './definition.ts'

interface ImagesFlags {
  readonly format: 'table' | 'json'
  readonly quiet?: true
}

export const images = defineCommand<ImagesFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to look at (default: all)')
      .addOption(choice('--format <how>', 'how to print', ['table', 'json'], 'table'))
      .option('-q, --quiet', 'print ids only'),
  examples: [{ line: 'berth images', means: 'image and size for each container' }],
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const containers = await stackContainers(client, stack, { services, all: true })
    const inspected = await inspectImages(client, containers)
    const rows = containers.map(container => imagesRow(container, inspected.get(container.ImageID)))
    if (flags.quiet) print(context, [...new Set(rows.map(row => row.ID))].map(id => `${id}\n`).join(''))
    else if (flags.format === 'json') printJson(context, rows)
    else
      print(
        context,
        formatTable(
          [
            { title: 'CONTAINER', value: row => row.ContainerName },
            { title: 'REPOSITORY', value: row => row.Repository },
            { title: 'TAG', value: row => row.Tag },
            { title: 'PLATFORM', value: row => row.Platform },
            { title: 'IMAGE ID', value: row => row.ID.replace(/^sha256:/, '').slice(0, 12) },
            { title: 'SIZE', value: row => (row.Size === 0 ? '-' : decimalSize(row.Size)) },
            { title: 'CREATED', value: row => (row.LastTagTime === '' ? 'N/A' : ago(row.LastTagTime, Date.now())) },
          ],
          rows,
          wideMinimum,
        ),
      )
    return 0
  },
})

async function inspectImages(
  client: EngineClient,
  containers: readonly ContainerSummary[],
): Promise<ReadonlyMap<string, ImageInspect>> {
  const ids = [...new Set(containers.map(container => container.ImageID))]
  const found = await Promise.all(ids.map(id => inspectImage(client, id).catch(ignoreMissing)))
  return new Map(ids.flatMap((id, at) => (found[at] ? [[id, found[at]]] : [])))
}

const ago = (time: string, nowMs: number): string => `${humanDuration(nowMs - Date.parse(time))} ago`

/** A container may outlive its image. */
function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

function imagesRow(container: ContainerSummary, image: ImageInspect | undefined): ImagesRow {
  const { repository, tag } = splitReference(image?.RepoTags[0] ?? container.Image)
  return {
    ID: container.ImageID,
    ContainerName: nameOf(container),
    Repository: repository,
    Tag: tag,
    Platform: image ? [image.Os, image.Architecture, image.Variant].filter(Boolean).join('/') : '',
    Size: image?.Size ?? 0,
    LastTagTime: image?.Metadata.LastTagTime ?? '',
  }
}

/** `host:5000/app:1.2` -> `host:5000/app` and `1.2`; other transports (`rootfs:/`) have no tag. */
function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  const colon = reference.lastIndexOf(':')
  const hasTag = colon > 0 && !reference.slice(colon).includes('/')
  return hasTag
    ? { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { repository: reference, tag: '' }
}
