import { durationMs } from '../../schemas/stack/duration.ts'
import { attributes, number, text, texts } from './attributes.ts'
import type { Healthcheck } from './project.ts'

export function healthcheck(value: unknown): Healthcheck | undefined {
  if (value === undefined) return undefined
  const { test, disable, interval, timeout, start_period, start_interval, retries } = attributes(value)
  return {
    test: disable === true ? ['NONE'] : texts(test),
    intervalMs: milliseconds(interval),
    timeoutMs: milliseconds(timeout),
    startPeriodMs: milliseconds(start_period),
    startIntervalMs: milliseconds(start_interval),
    retries: number(retries),
  }
}

export function milliseconds(value: unknown): number | undefined {
  const duration = text(value)
  return duration === undefined ? undefined : durationMs(duration)
}
