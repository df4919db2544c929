import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import type { Observed, ObservedContainer } from '../observe/observed.ts'
import { openGate, removalOps } from './container-ops.ts'
import type { Op } from './plan.ts'

/**
 * Made from another stack file that goes by the same project name: none of the files that it was made from is one of ours. Such containers
 * are somebody else's, whatever the project is called, and are never removed as orphans.
 */
export function isForeign(project: Project, container: ObservedContainer): boolean {
  const files = (container.labels[label.configFiles] ?? '').split(',').filter(Boolean)
  return files.length > 0 && !files.some(file => project.files.includes(file))
}

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
  const all = findOrphans(project, observed)
  const orphans = all.filter(orphan => !isForeign(project, orphan))
  const foreign = all.filter(orphan => isForeign(project, orphan)).map(foreignText)
  const warnings =
    foreign.length === 0
      ? []
      : [`containers of the same project name that another file has made, and that stay: ${foreign.join(', ')}`]
  if (orphans.length === 0) return { ops: [], warnings }
  if (options.removeOrphans === true) {
    const removal = { timeoutSeconds: options.stopTimeoutSeconds, removeVolumes: false }
    return {
      ops: orphans.flatMap(orphan =>
        removalOps(orphan, openGate, [{ text: `the file has no service ${orphan.service}` }], removal),
      ),
      warnings,
    }
  }
  const names = orphans.map(({ name }) => name).join(', ')
  return {
    ops: [],
    warnings: [
      ...warnings,
      `containers of services that the file does not have: ${names}; --remove-orphans removes them`,
    ],
  }
}

const foreignText = ({ name, labels }: ObservedContainer): string => `${name} (${labels[label.configFiles]})`
