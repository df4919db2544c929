import { setTimeout as delay } from 'node:timers/promises'
import { restartContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { decide, isUnder, type ServiceWork } from './decide.ts'
import type { WatchRule } from './rules.ts'
import { allPaths, execInside, syncPaths } from './sync.ts'
import { TreeWatcher } from './tree-watcher.ts'

export interface WatchOptions {
  readonly client: EngineClient
  /** Ids of the containers of a service that run now. */
  readonly containersOf: (service: string) => Promise<readonly string[]>
  /** Builds the image of a service anew and replaces its containers. */
  readonly rebuild: (service: string) => Promise<void>
  readonly log: (line: string) => void
  /** What commands of `sync+exec` write. */
  readonly output: (text: string) => void
  /** Ends the watching; what is being done is finished. */
  readonly signal: AbortSignal
}

/** Changes come in flocks (a save, a checkout): a batch is closed when this long nothing has come. */
const quietMs = 150

/** Watches and acts until `signal`. A failure is told and the watching goes on: the next save may mend it. */
export async function watchStack(rules: readonly WatchRule[], options: WatchOptions): Promise<void> {
  const { signal, log } = options
  const changed = new Set<string>()
  let wake: () => void = () => {}
  const watcher = new TreeWatcher({
    // A folder of no interest to any rule is not entered; the way down to one is.
    isIgnored: path => !rules.some(rule => isUnder(rule, path) || rule.path.startsWith(`${path}/`)),
    onChange: path => {
      changed.add(path)
      wake()
    },
    onProblem: (path, error) =>
      log(
        error.code === 'ENOSPC'
          ? `cannot watch ${path}: raise fs.inotify.max_user_watches`
          : `cannot watch ${path}: ${error.message}`,
      ),
  })
  const onAbort = () => {
    watcher.close()
    wake()
  }
  signal.addEventListener('abort', onAbort)
  try {
    for (const path of new Set(rules.map(rule => rule.path))) await watcher.add(path)
    await firstSync(rules, options)
    log('Watch enabled')
    while (!signal.aborted) {
      if (changed.size === 0) await new Promise<void>(resolve => (wake = resolve))
      for (let seen = -1; seen !== changed.size && !signal.aborted; ) {
        seen = changed.size
        await delay(quietMs)
      }
      if (signal.aborted) break
      const batch = [...changed]
      changed.clear()
      for (const work of decide(rules, batch)) await carryOut(work, options)
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    watcher.close()
  }
}

async function firstSync(rules: readonly WatchRule[], options: WatchOptions): Promise<void> {
  for (const rule of rules.filter(each => each.initialSync)) {
    const work = decide([{ ...rule, action: 'sync' }], await allPaths(rule))
    for (const each of work) await carryOut(each, options)
  }
}

async function carryOut(
  work: ServiceWork,
  { client, containersOf, rebuild, log, output }: WatchOptions,
): Promise<void> {
  const { service, changes, sync, restart, exec } = work
  const after = `after ${changes === 1 ? '1 change was' : `${changes} changes were`} detected`
  try {
    if (work.rebuild) {
      log(`Rebuilding service "${service}" ${after}...`)
      await rebuild(service)
      log(`service "${service}" successfully built`)
      return
    }
    const ids = await containersOf(service)
    if (sync.length > 0) {
      log(`Syncing service "${service}" ${after}`)
      await Promise.all(ids.map(id => syncPaths(client, id, sync)))
    }
    for (const hook of exec) {
      await Promise.all(ids.map(id => execInside(client, id, hook, output)))
      log(`service "${service}" ran ${hook.command.join(' ')}`)
    }
    if (restart) {
      await Promise.all(ids.map(id => restartContainer(client, id, undefined)))
      log(`service(s) ["${service}"] restarted`)
    }
  } catch (error) {
    log(`service "${service}": ${(error as Error).message}`)
  }
}
