import type { Container } from './container.ts'
import { isUp } from './state.ts'
import { waitFor } from './wait.ts'

export interface LogEnd {
  /** Resolves when the container has ended for good or is gone: nothing is written to its log until somebody starts it again. */
  readonly ended: Promise<void>
  readonly cancel: () => void
}

/** A restart by policy does not end a log: followers see the next run too. */
export function logEnd(container: Container): LogEnd {
  let cancelCurrent = (): void => undefined
  let isCancelled = false
  const ended = (async () => {
    while (!isCancelled && mayWrite(container)) {
      const waiting = waitFor(container, 'exit')
      cancelCurrent = waiting.cancel
      await waiting.result
    }
  })()
  return {
    ended,
    cancel: () => {
      isCancelled = true
      cancelCurrent()
    },
  }
}

const mayWrite = ({ state }: Container): boolean =>
  isUp(state) || state.status === 'restarting' || state.status === 'created'
