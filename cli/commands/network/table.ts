import type { CommandEntry } from '../table.ts'

/** Members of `berth network`, in the order of help. */
export const networkTable: readonly CommandEntry[] = [
  {
    name: 'ls',
    aliases: ['list'],
    summary: 'List networks',
    load: async () => (await import('./ls.ts')).networkLs,
  },
  {
    name: 'inspect',
    summary: 'Print everything the engine knows of networks',
    load: async () => (await import('./inspect.ts')).networkInspect,
  },
  {
    name: 'create',
    summary: 'Create a network',
    load: async () => (await import('./create.ts')).networkCreate,
  },
  {
    name: 'rm',
    aliases: ['remove'],
    summary: 'Remove networks',
    load: async () => (await import('./rm.ts')).networkRm,
  },
  {
    name: 'connect',
    summary: 'Put a container on a network',
    load: async () => (await import('./connect.ts')).networkConnect,
  },
  {
    name: 'disconnect',
    summary: 'Take a container off a network',
    load: async () => (await import('./connect.ts')).networkDisconnect,
  },
  {
    name: 'rules',
    summary: 'Print addresses, routes, names and published ports, as the kernel has them',
    load: async () => (await import('./rules.ts')).networkRules,
  },
  {
    name: 'prune',
    summary: 'Remove all networks that nothing uses',
    load: async () => (await import('./prune.ts')).networkPrune,
  },
]
