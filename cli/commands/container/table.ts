import type { CommandEntry } from '../table.ts'

/** Members of `berth container`, in the order of help. */
export const containerTable: readonly CommandEntry[] = [
  {
    name: 'ls',
    aliases: ['list', 'ps'],
    summary: 'List containers',
    load: async () => (await import('./ls.ts')).containerLs,
  },
  {
    name: 'inspect',
    summary: 'Print everything the engine knows of containers',
    load: async () => (await import('./inspect.ts')).containerInspect,
  },
  {
    name: 'start',
    summary: 'Start containers',
    load: async () => (await import('./lifecycle.ts')).containerStart,
  },
  {
    name: 'stop',
    summary: 'Stop containers',
    load: async () => (await import('./lifecycle.ts')).containerStop,
  },
  {
    name: 'restart',
    summary: 'Restart containers',
    load: async () => (await import('./lifecycle.ts')).containerRestart,
  },
  {
    name: 'kill',
    summary: 'Send a signal to containers',
    load: async () => (await import('./lifecycle.ts')).containerKill,
  },
  {
    name: 'pause',
    summary: 'Freeze the processes of containers',
    load: async () => (await import('./lifecycle.ts')).containerPause,
  },
  {
    name: 'unpause',
    summary: 'Let frozen containers go on',
    load: async () => (await import('./lifecycle.ts')).containerUnpause,
  },
  {
    name: 'rm',
    aliases: ['remove'],
    summary: 'Remove containers',
    load: async () => (await import('./rm.ts')).containerRm,
  },
  {
    name: 'prune',
    summary: 'Remove all stopped containers',
    load: async () => (await import('./prune.ts')).containerPrune,
  },
  {
    name: 'exec',
    summary: 'Run a command in a running container',
    load: async () => (await import('./exec.ts')).containerExec,
  },
  {
    name: 'attach',
    summary: 'Join the main process of a container',
    load: async () => (await import('./attach.ts')).containerAttach,
  },
  {
    name: 'logs',
    summary: 'Show the output of a container',
    load: async () => (await import('./logs.ts')).containerLogsCommand,
  },
  {
    name: 'stats',
    summary: 'Show how much containers use',
    load: async () => (await import('./stats.ts')).containerStats,
  },
  {
    name: 'top',
    summary: 'Show the processes in a container',
    load: async () => (await import('./top.ts')).containerTopCommand,
  },
  {
    name: 'port',
    summary: 'Print where ports of a container are published',
    load: async () => (await import('./port.ts')).containerPort,
  },
  {
    name: 'cp',
    summary: 'Copy files between a container and this machine',
    load: async () => (await import('./cp.ts')).containerCp,
  },
  {
    name: 'diff',
    summary: 'Show what a container has changed in its files',
    load: async () => (await import('./diff.ts')).containerDiff,
  },
  {
    name: 'export',
    summary: 'Write the files of a container to an archive',
    load: async () => (await import('./snapshot.ts')).containerExport,
  },
  {
    name: 'commit',
    summary: 'Make an image of a container',
    load: async () => (await import('./snapshot.ts')).containerCommit,
  },
  {
    name: 'rename',
    summary: 'Rename a container',
    load: async () => (await import('./rename.ts')).containerRename,
  },
  {
    name: 'update',
    summary: 'Change the limits of containers',
    load: async () => (await import('./update.ts')).containerUpdate,
  },
  {
    name: 'wait',
    summary: 'Wait until containers end, and print their exit codes',
    load: async () => (await import('./wait.ts')).containerWait,
  },
]
