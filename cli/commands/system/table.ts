import type { CommandEntry } from '../table.ts'

/** Members of `berth system`, in the order of help. */
export const systemTable: readonly CommandEntry[] = [
  {
    name: 'df',
    summary: 'Show how much disk space is used',
    load: async () => (await import('./df.ts')).systemDf,
  },
  {
    name: 'info',
    summary: 'Show what the engine is and can do here',
    load: async () => (await import('../info.ts')).info,
  },
  {
    name: 'events',
    summary: 'Follow what happens in the engine',
    load: async () => (await import('./events.ts')).systemEvents,
  },
  {
    name: 'trace',
    summary: 'Show where the time of starts and stops goes',
    load: async () => (await import('./trace.ts')).systemTrace,
  },
  {
    name: 'prune',
    summary: 'Remove what nothing uses',
    load: async () => (await import('./prune.ts')).systemPrune,
  },
  {
    name: 'dial-stdio',
    summary: 'Join standard input and output with the engine',
    load: async () => (await import('./dial-stdio.ts')).systemDialStdio,
    isHidden: true,
  },
]
