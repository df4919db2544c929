import type { CommandEntry } from '../table.ts'

/** Members of `berth volume`, in the order of help. */
export const volumeTable: readonly CommandEntry[] = [
  {
    name: 'ls',
    aliases: ['list'],
    summary: 'List volumes',
    load: async () => (await import('./ls.ts')).volumeLs,
  },
  {
    name: 'inspect',
    summary: 'Print everything the engine knows of volumes',
    load: async () => (await import('./inspect.ts')).volumeInspect,
  },
  {
    name: 'create',
    summary: 'Create a volume',
    load: async () => (await import('./create.ts')).volumeCreate,
  },
  {
    name: 'rm',
    aliases: ['remove'],
    summary: 'Remove volumes and their data',
    load: async () => (await import('./rm.ts')).volumeRm,
  },
  {
    name: 'prune',
    summary: 'Remove all volumes that nothing uses',
    load: async () => (await import('./prune.ts')).volumePrune,
  },
]
