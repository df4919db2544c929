import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { NativeConnection } from '../../engine/runtime/connection.ts'
import { eventually } from './eventually.ts'

/** Takes away what a stopped daemon leaves on purpose, so that containers can go on: netd, the mount of the run directory, the cgroup's root. */
export async function tidyRunDir(runDir: string, instance: string): Promise<void> {
  const socket = join(runDir, 'netd.sock')
  if (existsSync(socket)) {
    const netd = await NativeConnection.connect(socket, 'netd').catch(() => undefined)
    await netd?.request({ op: 'shutdown' }).catch(() => undefined)
    netd?.close()
  }
  await eventually('run directory unmounted', () => {
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${runDir} `))
      execFileSync('umount', ['-R', runDir], { stdio: 'pipe' })
    return true
  })
  removeCgroups(instance)
}

/** The group of an instance in each hierarchy, without any containers in it. */
export function removeCgroups(instance: string): void {
  for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')]) {
    try {
      rmdirSync(join('/sys/fs/cgroup', hierarchy, instance))
    } catch {
      // Not made in this hierarchy.
    }
  }
}
