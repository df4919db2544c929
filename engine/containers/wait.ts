import type { Container, ExitResult, Waiter } from './container.ts'
import { isUp } from './state.ts'

export type WaitCondition = 'not-running' | 'next-exit' | 'removed'

export interface Waiting {
  readonly result: Promise<ExitResult>
  readonly cancel: () => void
}

/** The next end of a run, or the removal. */
export function waitFor(container: Container, condition: Waiter['condition']): Waiting {
  const { waiters } = container.live
  let waiter: Waiter | undefined
  const result = new Promise<ExitResult>(resolve => {
    waiter = { condition, tell: resolve }
    waiters.add(waiter)
  })
  return {
    result,
    cancel: () => {
      if (waiter !== undefined) waiters.delete(waiter)
    },
  }
}

function presentResult({ state }: Container): ExitResult {
  const { exitCode: code, error } = state
  return state.status === 'created' && error !== '' ? { code, error } : { code }
}

/** POST /containers/{id}/wait: `not-running` is answered at once when it is down (created counts), the others only by an event. */
export function waitForCondition(container: Container, condition: WaitCondition): Waiting {
  const { state } = container
  switch (condition) {
    case 'not-running':
      if (isUp(state) || state.status === 'restarting') return waitFor(container, 'exit')
      return { result: Promise.resolve(presentResult(container)), cancel: () => undefined }
    case 'next-exit':
      return waitFor(container, 'exit')
    case 'removed':
      return waitFor(container, 'removed')
    default:
      return condition satisfies never
  }
}
