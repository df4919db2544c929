import type { CommandEntry } from '../table.ts'

/** Members of `berth builder`. */
export const builderTable: readonly CommandEntry[] = [
  {
    name: 'prune',
    summary: 'Remove the cache of builds',
    load: async () => (await import('./prune.ts')).builderPrune,
  },
]
