import { readChanges } from './changes.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'

/** Bytes of the files in the writable layer, and of these and the image together. */
export interface ContainerSizes {
  readonly SizeRw: number
  readonly SizeRootFs: number
}

/** What `docker ps -s` and `inspect -s` show. A layer that vanishes meanwhile counts as empty. */
export async function measureContainer(
  context: ContainerContext,
  container: Container,
  signal?: AbortSignal,
): Promise<ContainerSizes> {
  const written = await readChanges(context, container, signal).then(
    ({ bytes }) => bytes,
    error => {
      if (context.registry.find(container.record.id) === container) throw error
      return 0
    },
  )
  return { SizeRw: written, SizeRootFs: written + context.images.sizeOf(container.record.image.id) }
}
