import type { PruneOutput } from '../../schemas/output/prune.ts'
import { decimalSize } from '../ui/human.ts'
import { sanitizeLine } from '../ui/sanitize.ts'
import { confirm } from './confirm.ts'
import { type Context, print, printJson } from './context.ts'

export interface PruneFlags {
  readonly force?: true
  readonly filter: readonly string[]
  readonly format: 'text' | 'json'
}

/** What one call of prune removed, under docker's heading. */
export interface Pruned {
  readonly heading: string
  readonly names: readonly string[]
  readonly reclaimedBytes: number
}

/** The shape of every prune: ask, remove, tell what went and how much came back. */
export async function runPrune(
  context: Context,
  warning: string,
  { force, format }: Pick<PruneFlags, 'force' | 'format'>,
  prune: () => Promise<readonly Pruned[]>,
): Promise<number> {
  if (!force && !(await confirm(context, `WARNING! ${warning}\nAre you sure you want to continue?`, '--force')))
    return 0
  const pruned = await prune()
  const reclaimedBytes = pruned.reduce((total, each) => total + each.reclaimedBytes, 0)
  if (format === 'json') {
    const output: PruneOutput = { removed: pruned.flatMap(each => [...each.names]), reclaimedBytes }
    printJson(context, output)
    return 0
  }
  for (const { heading, names } of pruned)
    if (names.length > 0) print(context, `${heading}:\n${names.map(name => `${sanitizeLine(name)}\n`).join('')}\n`)
  print(context, `Total reclaimed space: ${decimalSize(reclaimedBytes)}\n`)
  return 0
}
