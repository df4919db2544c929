import type { OomPolicy } from '../../schemas/api/berth.ts'
import { bytesOf } from '../../schemas/stack/bytes.ts'
import { attributes, number, text } from './attributes.ts'
import { milliseconds } from './healthcheck.ts'

/** `x-oom` with every default filled in; undefined when the service does not have it. */
export function oomPolicy(value: unknown): OomPolicy | undefined {
  if (value === undefined) return undefined
  const { action, scope, max_restarts: maxRestarts, window, backoff, grow } = attributes(value)
  const { initial, factor, max, reset_after: resetAfter } = attributes(backoff)
  return {
    action: action === 'stop' || action === 'ignore' ? action : 'restart',
    scope: scope === 'process' ? 'process' : 'container',
    maxRestarts: number(maxRestarts) ?? 5,
    windowMs: milliseconds(window) ?? 600_000,
    backoff: {
      initialMs: milliseconds(initial) ?? 100,
      factor: number(factor) ?? 2,
      maxMs: milliseconds(max) ?? 30_000,
      resetAfterMs: milliseconds(resetAfter) ?? 60_000,
    },
    ...(grow === undefined ? {} : { grow: growth(grow) }),
  }
}

function growth(value: unknown): NonNullable<OomPolicy['grow']> {
  const { factor, limit } = attributes(value)
  return { factor: number(factor) ?? 1.5, limitBytes: bytesOf(text(limit) ?? number(limit) ?? 0) }
}
