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
  return observed.containers.filter(({ service, isOneOff }) => !isOneOff && !hasService(project, service))
}

interface OrphanOptions {
  readonly removeOrphans?: boolean
  readonly ignoreOrphans?: boolean
  readonly stopTimeoutSeconds?: number
}

/** What `up` and `run` do about them: removed when asked, else told (unless that is not wanted). One-off containers that have ended go along. */
export function orphansOf(
  project: Project,
  observed: Observed,
  options: OrphanOptions,
): { readonly ops: readonly Op[]; readonly warnings: readonly string[] } {
  const unknown = observed.containers.filter(({ service }) => !hasService(project, service))
  const foreign = unknown.filter(orphan => isForeign(project, orphan)).map(foreignText)
  const warnings =
    foreign.length === 0 || options.ignoreOrphans === true
      ? []
      : [
          `Found orphan containers that another file has made under this project name, and that stay: ${foreign.join(', ')}`,
        ]
  if (options.removeOrphans === true) {
    const orphans = observed.containers.filter(
      container => (!hasService(project, container.service) || hasEnded(container)) && !isForeign(project, container),
    )
    const removal = { timeoutSeconds: options.stopTimeoutSeconds, removeVolumes: false }
    return {
      ops: orphans.flatMap(orphan => removalOps(orphan, openGate, [{ text: whyOf(orphan) }], removal)),
      warnings,
    }
  }
  if (options.ignoreOrphans === true) return { ops: [], warnings }
  const names = unknown.filter(orphan => !isForeign(project, orphan)).map(({ name }) => name)
  const ended = observed.containers
    .filter(container => hasService(project, container.service) && hasEnded(container))
    .map(({ name }) => name)
  const told = [...(names.length > 0 ? [orphanText(names)] : []), ...(ended.length > 0 ? [endedText(ended)] : [])]
  return { ops: [], warnings: [...warnings, ...told] }
}

/** Compose's words, which people know. */
export const orphanText = (names: readonly string[]): string =>
  `Found orphan containers (${names.join(', ')}): the file has no such services. --remove-orphans removes them`

/** Compose counts them as orphans too. */
const endedText = (names: readonly string[]): string =>
  `Found orphan containers (${names.join(', ')}): one-off containers of "run" that have ended. --remove-orphans removes them`

const hasService = (project: Project, service: string): boolean =>
  project.services[service] !== undefined || project.disabledServices[service] !== undefined

const hasEnded = ({ isOneOff, state }: ObservedContainer): boolean =>
  isOneOff && (state === 'exited' || state === 'dead')

const whyOf = ({ isOneOff, service }: ObservedContainer): string =>
  isOneOff ? 'a one-off container that has ended' : `the file has no service ${service}`

const foreignText = ({ name, labels }: ObservedContainer): string => `${name} (${labels[label.configFiles]})`
