import type { ContainerStats } from '../../schemas/api/stats.ts'
import type { Container } from '../containers/container.ts'
import type { ContainerContext } from '../containers/context.ts'
import { sampleStats } from '../containers/stats.ts'
import type { RequestContext } from '../http/context.ts'

const intervalMs = 1000
/** A reader that is this far behind misses samples instead of filling memory. */
const maxBufferedBytes = 256 * 1024

/** One JSON line a second until the client leaves or the container is removed. */
export async function streamStats(
  context: ContainerContext,
  container: Container,
  request: RequestContext,
): Promise<undefined> {
  const { signal } = request
  const response = request.stream(200, { 'Content-Type': 'application/json' })
  let before: ContainerStats | undefined
  while (!signal.aborted && context.registry.find(container.record.id) === container) {
    before = await sampleStats(context, container, before)
    if (response.writableLength < maxBufferedBytes) response.write(`${JSON.stringify(before)}\n`)
    await new Promise<void>(resolve => {
      const cancel = context.clock.after(intervalMs, () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      const onAbort = (): void => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
  response.end()
  return undefined
}
