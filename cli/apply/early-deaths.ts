import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError } from '../../schemas/errors.ts'
import { inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import type { ContainerWatch } from './container-watch.ts'
import { logTailOf } from './failures.ts'
import { endText } from './goal.ts'
import type { Failure } from './report.ts'

/**
 * How long `up` watches after its last start. A program that cannot be run or that stops at its first line is down within a few
 * milliseconds; more would be paid by every `up` that goes well. dockerd needs longer to notice an exit, and is slower anyway. `--wait`
 * watches until everything is ready.
 */
export const defaultMonitorMs = (isBerth: boolean): number => (isBerth ? 30 : 1000)

/**
 * Containers started in this run that are down again. Only a final end counts: one that its restart policy brings back is the engine's
 * business, and one that ends with 0 has done its work.
 */
export async function earlyDeaths(
  client: EngineClient,
  watch: ContainerWatch,
  started: ReadonlyMap<string, { readonly name: string; readonly service: string }>,
  monitorMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly Failure[]> {
  if (started.size === 0) return []
  await sleep(monitorMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  const suspects = [...watch.died].filter(id => started.has(id))
  const failures = await Promise.all(
    suspects.map(id => failureOf(client, id, started.get(id) ?? { name: id, service: '' })),
  )
  return failures.flatMap(failure => failure ?? [])
}

async function failureOf(
  client: EngineClient,
  id: string,
  { name, service }: { readonly name: string; readonly service: string },
): Promise<Failure | undefined> {
  const { State } = await inspectContainer(client, id)
  if ((State.Status !== 'exited' && State.Status !== 'dead') || State.ExitCode === 0) return undefined
  const error = new BerthError(
    'CONFLICT',
    `${endText(State.ExitCode, State.OOMKilled, State.Error)} right after its start`,
  )
  const logTail = await logTailOf(client, id)
  return { subject: `container ${name}`, service, error, ...(logTail.length > 0 && { logTail }) }
}
