import type { CommandEntry } from '../table.ts'

/** Members of `berth context`, in the order of help. */
export const contextTable: readonly CommandEntry[] = [
  {
    name: 'ls',
    aliases: ['list'],
    summary: 'List contexts',
    load: async () => (await import('./context.ts')).contextLs,
  },
  {
    name: 'show',
    summary: 'Print the name of the context in use',
    load: async () => (await import('./context.ts')).contextShow,
  },
  {
    name: 'inspect',
    summary: 'Print the engine of a context',
    load: async () => (await import('./context.ts')).contextInspect,
  },
  {
    name: 'use',
    summary: 'Choose a context',
    load: async () => (await import('./context.ts')).contextUse,
  },
]
