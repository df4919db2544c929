import { readFile } from 'node:fs/promises'
import type { ReadyMessage } from '../../schemas/daemon/launch.ts'

/** What the daemon of this run directory wrote about itself, if it is alive; undefined when there is none, or only its leavings. */
export async function runningDaemon(pidFile: string): Promise<ReadyMessage | undefined> {
  const message = parseReadyMessage(await readFile(pidFile, 'utf8').catch(() => ''))
  return message && (await isDaemon(message.pid)) ? message : undefined
}

export function parseReadyMessage(text: string): ReadyMessage | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isReadyMessage(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A pid is given out again after its process has gone; only a process that was started as berthd is meant. */
async function isDaemon(pid: number): Promise<boolean> {
  return isAlive(pid) && (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('berthd')
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isReadyMessage(value: unknown): value is ReadyMessage {
  return (
    typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number' && 'socket' in value
  )
}
