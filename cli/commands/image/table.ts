import type { CommandEntry } from '../table.ts'

/** Members of `berth image`, in the order of help. */
export const imageCommands: readonly CommandEntry[] = [
  { name: 'ls', summary: 'List images', aliases: ['list'], load: async () => (await import('./ls.ts')).ls },
  { name: 'pull', summary: 'Pull an image from a registry', load: async () => (await import('./pull.ts')).pull },
  { name: 'push', summary: 'Push an image to a registry', load: async () => (await import('./push.ts')).push },
  { name: 'inspect', summary: 'Show images in detail', load: async () => (await import('./inspect.ts')).inspect },
  { name: 'history', summary: 'Show how an image was made', load: async () => (await import('./history.ts')).history },
  {
    name: 'layers',
    summary: 'Show what each layer of an image adds, changes and hides',
    load: async () => (await import('./layers.ts')).layers,
  },
  {
    name: 'waste',
    summary: 'Show files that an image carries and nobody sees',
    load: async () => (await import('./waste.ts')).waste,
  },
  {
    name: 'diff',
    summary: 'Compare the files of two images',
    load: async () => (await import('./diff.ts')).diff,
  },
  { name: 'tag', summary: 'Give an image another name', load: async () => (await import('./tag.ts')).tag },
  {
    name: 'rm',
    summary: 'Remove images',
    aliases: ['remove'],
    load: async () => (await import('./rm.ts')).rm,
  },
  { name: 'prune', summary: 'Remove images that nobody uses', load: async () => (await import('./prune.ts')).prune },
  { name: 'save', summary: 'Write images into an archive', load: async () => (await import('./save.ts')).save },
  { name: 'load', summary: 'Load images from an archive', load: async () => (await import('../load.ts')).load },
  {
    name: 'import',
    summary: 'Make an image from the archive of a root file system',
    load: async () => (await import('./import.ts')).importRootfs,
  },
  {
    name: 'create-base',
    summary: 'Make a small base image from this host’s packages',
    load: async () => (await import('./create-base.ts')).createBase,
  },
]
