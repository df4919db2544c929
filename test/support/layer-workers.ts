import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LayerWorkers } from '../../engine/images/layer-worker.ts'
import { eventually } from './eventually.ts'

const root = process.env['BERTH_ROOT'] ?? '.'
export const nativePath = process.env['BERTH_NATIVE'] ?? join(root, 'dist/berth-native')

/** Real layer workers without a spawner: each is a process of `berth-native layer`. */
export interface TestWorkers extends AsyncDisposable {
  readonly workers: LayerWorkers
  /** Exit signals of workers that were killed (a forbidden system call is SIGSYS). */
  readonly killedBy: string[]
  /** A folder that is removed with the workers. */
  readonly folder: string
}

export function startLayerWorkers(): TestWorkers {
  const folder = mkdtempSync(join(tmpdir(), 'berth-layer-'))
  const children = new Set<ChildProcess>()
  const killedBy: string[] = []
  const layer = async (socket: string) => {
    const child = spawn(nativePath, ['layer', '--socket', socket], { stdio: 'inherit' })
    children.add(child)
    child.once('exit', (_code, signal) => {
      children.delete(child)
      if (signal !== null) killedBy.push(signal)
    })
    await eventually('the worker listens', () => existsSync(socket))
    return { pid: child.pid ?? 0 }
  }
  return {
    workers: new LayerWorkers({ spawner: { layer }, runDir: join(folder, 'run'), concurrency: 2 }),
    killedBy,
    folder,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        [...children].map(child => {
          child.kill('SIGKILL')
          return once(child, 'exit')
        }),
      )
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
