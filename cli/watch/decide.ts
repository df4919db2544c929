import { join, relative } from 'node:path'
import type { WatchRule } from './rules.ts'

export interface SyncedPath {
  readonly hostPath: string
  readonly containerPath: string
}

/** What a batch of changes asks for in one service. A rebuild makes the rest needless: the new container has everything. */
export interface ServiceWork {
  readonly service: string
  readonly changes: number
  readonly rebuild: boolean
  readonly sync: readonly SyncedPath[]
  readonly restart: boolean
  readonly exec: readonly NonNullable<WatchRule['exec']>[]
}

/** Which rules the changed paths (absolute) fall under, put together by service; services without work are left out. */
export function decide(rules: readonly WatchRule[], changed: readonly string[]): readonly ServiceWork[] {
  const services = [...new Set(rules.map(rule => rule.service))]
  return services.flatMap(service => {
    const matches = rules
      .filter(rule => rule.service === service)
      .flatMap(rule => changed.flatMap(path => (isAbout(rule, path) ? [{ rule, path }] : [])))
    if (matches.length === 0) return []
    const rebuild = matches.some(({ rule }) => rule.action === 'rebuild')
    const sync = new Map(matches.flatMap(({ rule, path }) => syncOf(rule, path)))
    const used = [...new Set(matches.map(({ rule }) => rule))]
    return [
      {
        service,
        changes: new Set(matches.map(({ path }) => path)).size,
        rebuild,
        sync: rebuild ? [] : [...sync].map(([containerPath, hostPath]) => ({ hostPath, containerPath })),
        restart: !rebuild && used.some(({ action }) => action === 'restart' || action === 'sync+restart'),
        exec: rebuild ? [] : used.flatMap(({ action, exec }) => (action === 'sync+exec' && exec ? [exec] : [])),
      },
    ]
  })
}

/** Whether a rule is about a file: the path of the rule itself, or something below that is not left out. */
function isAbout(rule: WatchRule, path: string): boolean {
  return isUnder(rule, path) && (path === rule.path || rule.isIncluded(relative(rule.path, path)))
}

/** Whether a rule looks at a path: what `include` does not name is still looked through, since it may be a folder. */
export function isUnder(rule: WatchRule, path: string): boolean {
  if (path === rule.path) return true
  const below = relative(rule.path, path)
  return below !== '' && !below.startsWith('../') && below !== '..' && !rule.isIgnored(below)
}

function syncOf({ action, target, path: root }: WatchRule, path: string): readonly (readonly [string, string])[] {
  if (target === undefined || !action.startsWith('sync')) return []
  return [[path === root ? target : join(target, relative(root, path)), path]]
}
