import { setTimeout as delay } from 'node:timers/promises'

/**
 * Calls `look` until it answers something other than undefined or false; throws with the last error or answer after `timeoutMs`.
 * For states that no event tells about (a file of the kernel, another program's output); where there is an event, wait for that.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const answer = await look()
      if (answer !== undefined && answer !== false) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last })
    await delay(20)
  }
}
