import type { Project } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { openGate, removalOps } from './container-ops.ts'
import type { Op } from './plan.ts'

/** Containers of the project whose service the file does not have (any more). */
export function findOrphans(project: Project, observed: Observed): readonly ObservedContainer[] {
  return observed.containers.filter(
    ({ service, isOneOff }) =>
      !isOneOff && project.services[service] === undefined && project.disabledServices[service] === undefined,
  )
}

export function orphansOf(
  project: Project,
  observed: Observed,
  options: { readonly removeOrphans?: boolean; readonly stopTimeoutSeconds?: number },
): { readonly ops: readonly Op[]; readonly warnings: readonly string[] } {
  const orphans = findOrphans(project, observed)
  if (orphans.length === 0) return { ops: [], warnings: [] }
  if (options.removeOrphans === true) {
    const removal = { timeoutSeconds: options.stopTimeoutSeconds, removeVolumes: false }
    return {
      ops: orphans.flatMap(orphan =>
        removalOps(orphan, openGate, [{ text: `the file has no service ${orphan.service}` }], removal),
      ),
      warnings: [],
    }
  }
  const names = orphans.map(({ name }) => name).join(', ')
  return {
    ops: [],
    warnings: [`containers of services that the file does not have: ${names}; --remove-orphans removes them`],
  }
}
