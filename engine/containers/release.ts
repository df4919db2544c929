import { rmdirSync, rmSync, unlinkSync } from 'node:fs'
import type { Monitor } from '../runtime/monitor.ts'
import { markStage } from '../runtime/trace.ts'
import { abandonAttaches } from './announce.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import type { ContainerPaths } from './record.ts'

/** Gives back network, mounts, cgroup and the monitor's process; never fails: what cannot be given back is logged and tried again at the next start. */
export async function releaseRuntime(context: ContainerContext, container: Container): Promise<void> {
  const { id } = container.record
  const { monitor } = container.live
  abandonAttaches(container)
  container.live.monitor = undefined
  container.live.mounts = []
  markStage('state of the exit')
  const results = await Promise.allSettled([context.networks.detach(id), releaseMonitor(context, id, monitor)])
  markStage('waits for network and monitor to go')
  for (const result of results) {
    if (result.status === 'rejected') context.log.error({ container: id, err: result.reason }, 'release failed')
  }
  removeBundle(pathsOf(context, id))
}

/** Its volumes are unmounted when nothing of it can use them any more. */
async function releaseMonitor(context: ContainerContext, id: string, monitor: Monitor | undefined): Promise<void> {
  try {
    await monitor?.release()
  } finally {
    await context.volumes.unmount(id)
  }
}

/**
 * A handful of files on tmpfs: synchronous calls cost less than a turn through the thread pool, and by name a third of what a walk takes.
 * Whatever is not as usual (a start that failed half-way, an upper layer on tmpfs) is walked.
 */
function removeBundle({ bundle, hosts, resolvConf, hostname }: ContainerPaths): void {
  try {
    for (const file of [hosts, resolvConf, hostname, `${bundle}/exit.json`]) unlinkSync(file)
    rmdirSync(bundle)
  } catch {
    rmSync(bundle, { recursive: true, force: true })
  }
}
