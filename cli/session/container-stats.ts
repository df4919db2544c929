import type { StatsRow } from '../../schemas/output/stats.ts'
import { containerStats } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { idleStatsRow, statsRow } from '../ui/stats-row.ts'
import { type Context, print } from './context.ts'

export interface MeasuredContainer {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
}

const redrawEveryMs = 500

/** One measurement of each container; one that ended meanwhile is left out. */
export async function sampleStats(
  client: EngineClient,
  containers: readonly MeasuredContainer[],
  isFull: boolean,
): Promise<readonly StatsRow[]> {
  const rows = await Promise.all(
    containers.map(async ({ id, name, isRunning }) => {
      if (!isRunning) return [idleStatsRow(id, name, isFull)]
      for await (const stats of await containerStats(client, id, { follow: false }))
        return [statsRow(stats, name, isFull)]
      return []
    }),
  )
  return rows.flat()
}

export interface FollowStatsOptions {
  readonly show: (rows: readonly StatsRow[]) => void
  readonly isFull: boolean
  /** A table is redrawn in place on a terminal; anything else goes on line by line. */
  readonly isTable: boolean
}

/** Measurements until Ctrl-C or the end of the containers; returns the exit code. */
export async function followStats(
  context: Context,
  client: EngineClient,
  containers: readonly MeasuredContainer[],
  { show, isFull, isTable }: FollowStatsOptions,
): Promise<number> {
  const latest = new Map<string, StatsRow>()
  for (const { id, name, isRunning } of containers) if (!isRunning) latest.set(id, idleStatsRow(id, name, isFull))
  const canDraw = isTable && context.stdout.isTTY === true
  const draw = () => {
    print(context, '\u001b[H\u001b[J')
    show(containers.flatMap(({ id }) => latest.get(id) ?? []))
  }
  const follow = async ({ id, name }: MeasuredContainer): Promise<void> => {
    try {
      for await (const stats of await containerStats(client, id, { follow: true }, { signal: context.signal })) {
        const row = statsRow(stats, name, isFull)
        latest.set(id, row)
        if (!canDraw) show([row])
      }
    } catch (error) {
      if (!context.signal.aborted && !isNotFound(error)) throw error
    }
  }
  const timer = canDraw ? setInterval(draw, redrawEveryMs) : undefined
  try {
    await Promise.all(containers.filter(container => container.isRunning).map(follow))
  } finally {
    clearInterval(timer)
  }
  return context.signal.aborted ? 130 : 0
}
