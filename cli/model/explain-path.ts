import type { Project, SourcePosition } from '../model/project.ts'

/** One value of a stack and where it was written; no position: it follows from a default or from what else is written. */
export interface Explanation {
  readonly path: string
  readonly value: unknown
  readonly position: SourcePosition | undefined
}

/**
 * Every value at and below a path such as `services.web.environment`, as merging, variables and defaults left it, in the order of the canonical
 * form. undefined: there is nothing at that path.
 */
export function explainPath(
  project: Pick<Project, 'canonical' | 'positionOf'>,
  path: string,
): readonly Explanation[] | undefined {
  const value = find(project.canonical, path)
  return value === undefined
    ? undefined
    : leaves(value, path).map(leaf => ({ ...leaf, position: project.positionOf(leaf.path) }))
}

function find(value: unknown, path: string): unknown {
  if (path === '') return value
  if (Array.isArray(value)) {
    const [whole, index] = /^\[(\d+)\]\.?/.exec(path) ?? []
    return whole === undefined ? undefined : find(value[Number(index)], path.slice(whole.length))
  }
  if (typeof value !== 'object' || value === null) return undefined
  // Keys may hold dots, so the longest that fits is taken first.
  const keys = Object.keys(value).sort((one, other) => other.length - one.length)
  for (const key of keys) {
    if (!path.startsWith(key)) continue
    const rest = path.slice(key.length)
    if (rest !== '' && rest[0] !== '.' && rest[0] !== '[') continue
    const found = find((value as Record<string, unknown>)[key], rest.replace(/^\./, ''))
    if (found !== undefined) return found
  }
  return undefined
}

function leaves(value: unknown, path: string): readonly Omit<Explanation, 'position'>[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`))
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}.${key}`))
  }
  return [{ path, value }]
}
