import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'

/** What the kernel holds on this machine that a container engine can leave behind; each entry one line of text. */
export interface KernelState {
  readonly mounts: readonly string[]
  readonly links: readonly string[]
  readonly tables: readonly string[]
  readonly cgroups: readonly string[]
}

/** Takes the state as it is now. `instance` is the name that the daemon under test was given (cgroups and tables carry it). */
export function kernelState(instance: string): KernelState {
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map(line => line.split(' ')[4] ?? '')
      .filter(point => point.includes(instance))
      .sort(),
    links: linkNames().filter(name => /^(br-|veth|b[a-z]*-)/.test(name)),
    tables: existsSync('/usr/sbin/nft') ? nftTables().filter(table => table.includes(instance)) : [],
    cgroups: cgroupRoots()
      .map(root => join(root, instance))
      .filter(path => existsSync(path))
      .flatMap(path =>
        readdirSync(path, { withFileTypes: true }).flatMap(entry =>
          entry.isDirectory() ? [join(path, entry.name)] : [],
        ),
      ),
  }
}

/** Without links, whose names tell nothing of the instance: for tests that run beside others. */
export const ownState = (instance: string): KernelState => ({ ...kernelState(instance), links: [] })

/** Waits (bounded: the kernel removes interfaces and cgroups a little later) until nothing more than `before` is there; else names what was left. */
export async function assertNothingLeft(instance: string, before: KernelState): Promise<void> {
  const left = () => {
    const now = kernelState(instance)
    return (Object.keys(before) as (keyof KernelState)[]).flatMap(key =>
      now[key].filter(item => !before[key].includes(item)),
    )
  }
  await eventually('kernel state as before', () => left().length === 0, 5_000).catch(() => assert.deepEqual(left(), []))
}

// Not /sys/class/net: that shows the network namespace of whoever mounted /sys, this the caller's own.
function linkNames(): string[] {
  return readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .slice(2)
    .flatMap(line => line.split(':')[0]?.trim() || [])
}

function nftTables(): string[] {
  return execFileSync('/usr/sbin/nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

function cgroupRoots(): string[] {
  const root = '/sys/fs/cgroup'
  if (existsSync(join(root, 'cgroup.controllers'))) return [root]
  return readdirSync(root).map(name => join(root, name))
}
