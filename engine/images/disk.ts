import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { LayerStoreOptions } from './layers.ts'

/** What the layers need to know of the machine's disk. */
export type Disk = Pick<LayerStoreOptions, 'bootId' | 'syncDisk'>

const run = promisify(execFile)

/** This boot, and syncfs(2) by coreutils (node has no call for it): in the background, once for all layers of a pull. */
export function systemDisk(): Disk {
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    syncDisk: async folder => {
      await run('sync', ['--file-system', folder])
    },
  }
}
