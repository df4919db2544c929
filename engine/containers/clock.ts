/** Time and timers, passed in so that tests can hold them. */
export interface Clock {
  /** Milliseconds since 1970, with a fraction. */
  now(): number
  /** Runs `task` once after a delay; returns the function that cancels it. A timer alone does not keep the daemon alive. */
  after(delayMs: number, task: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** RFC 3339 in UTC with nine digits, as dockerd prints times. */
export function formatTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const nanos = Math.floor((milliseconds - whole) * 1_000_000)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`
}
