import type { Project, SourcePosition } from '../model/project.ts'
import type { Reason } from './plan.ts'
import type { Json, ServiceSpec } from './spec.ts'

/** Where else the stack file may have said what a spec calls by the short name. */
const otherPlaces: Readonly<Record<string, readonly string[]>> = {
  cpus: ['deploy.resources.limits.cpus'],
  mem_limit: ['deploy.resources.limits.memory'],
  mem_reservation: ['deploy.resources.reservations.memory'],
  cpu_reservation: ['deploy.resources.reservations.cpus'],
  pids_limit: ['deploy.resources.limits.pids'],
  restart: ['deploy.restart_policy'],
  gpus: ['deploy.resources.reservations.devices'],
}

/** One reason for each value that differs, in the order of the stack file's keys. */
export function diffSpecs(
  project: Project,
  serviceName: string,
  before: ServiceSpec,
  after: ServiceSpec,
): readonly Reason[] {
  const reasons: Reason[] = []
  collect(before, after, [], (path, old, now) => {
    const position = positionOf(project, serviceName, path)
    const text = describe(path, old, now)
    reasons.push({
      text,
      field: { path: `services.${serviceName}.${path.map(segment).join('.')}`, before: old, after: now, position },
    })
  })
  return reasons
}

type Visit = (path: readonly string[], before: Json | undefined, after: Json | undefined) => void

function collect(before: Json | undefined, after: Json | undefined, path: readonly string[], visit: Visit): void {
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    for (const key of keys) collect(before[key], after[key], [...path, key], visit)
  } else if (canonical(before) !== canonical(after)) {
    visit(path, before, after)
  }
}

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON with sorted keys, so that specs written by another version compare by what they say. */
function canonical(value: Json | undefined): string | undefined {
  return JSON.stringify(value, (_key, inner: Json) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).sort(byKey)) : inner,
  )
}

const byKey = ([a]: readonly [string, Json], [b]: readonly [string, Json]): number => (a < b ? -1 : 1)
const segment = (key: string): string => (/^[\w-]+$/.test(key) ? key : `[${key}]`)

function describe(path: readonly string[], before: Json | undefined, after: Json | undefined): string {
  const name = path.map(segment).join('.')
  if (path.length === 3 && path[2] === 'content' && (path[0] === 'secrets' || path[0] === 'configs')) {
    return `the content of ${path[0] === 'secrets' ? 'secret' : 'config'} ${path[1]} changed`
  }
  if (before === undefined) return `${name} is new`
  if (after === undefined) return `${name} is gone`
  return `${name} changed`
}

/** The nearest place that the file has: the value itself, or what encloses it (for a value that is gone). */
function positionOf(project: Project, serviceName: string, path: readonly string[]): SourcePosition | undefined {
  const [key = '', ...rest] = path
  for (const start of [key, ...(otherPlaces[key] ?? [])]) {
    for (let length = rest.length; length >= 0; length--) {
      const found = project.positionOf(['services', serviceName, start, ...rest.slice(0, length)].join('.'))
      if (found !== undefined) return found
    }
  }
  return project.positionOf(`services.${serviceName}`)
}

export { canonical as canonicalJson }
