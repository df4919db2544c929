import { readdir, readFile, rmdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const cgroupRoot = '/sys/fs/cgroup'
const tries = 50

/**
 * Kills and removes what a monitor that was itself killed has left in a container's cgroup. A living monitor does this itself.
 * `path` is below each hierarchy's root, e.g. `/berth/<id>`. Never fails; what cannot be removed is tried again at the next start.
 */
export async function killLeftovers(path: string): Promise<void> {
  const hierarchies = await readdir(cgroupRoot).catch(() => [])
  const folders = [`${cgroupRoot}${path}`, ...hierarchies.map(name => `${cgroupRoot}/${name}${path}`)]
  await Promise.all(folders.map(killAndRemove))
}

async function killAndRemove(folder: string): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const pids = await readFile(`${folder}/cgroup.procs`, 'utf8').catch(() => undefined)
    if (pids === undefined) return
    for (const pid of pids.split('\n').filter(text => text !== '')) killQuietly(Number(pid))
    // There is nothing to wait for: a v1 cgroup does not tell when it becomes empty.
    if (pids !== '') await delay(10)
    else if (
      await rmdir(folder).then(
        () => true,
        () => false,
      )
    )
      return
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Ended meanwhile.
  }
}
