import type { Method, Route } from './route.ts'

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

interface Compiled {
  readonly route: Route
  readonly pattern: RegExp
  readonly names: readonly string[]
}

export type Router = (method: string, path: string) => Match | 'no-path' | 'no-method'

/** Compiles the table: first match in order wins, among the routes with the same first path segment. */
export function createRouter(routes: readonly Route[]): Router {
  const bySegment = new Map<string, Compiled[]>()
  for (const route of routes) {
    const key = firstSegment(route.path)
    const list = bySegment.get(key) ?? []
    list.push(compile(route))
    bySegment.set(key, list)
  }
  return (method, path) => {
    let isPathKnown = false
    for (const { route, pattern, names } of bySegment.get(firstSegment(path)) ?? []) {
      const groups = pattern.exec(path)
      if (groups === null) continue
      isPathKnown = true
      if (!answers(route.method, method)) continue
      const params: Record<string, string> = {}
      for (const [index, name] of names.entries()) params[name] = decode(groups[index + 1] ?? '')
      return { route, params }
    }
    return isPathKnown ? 'no-method' : 'no-path'
  }
}

const answers = (routeMethod: Method, method: string): boolean => routeMethod === method

const firstSegment = (path: string): string => {
  const end = path.indexOf('/', 1)
  return end === -1 ? path : path.slice(0, end)
}

function compile(route: Route): Compiled {
  const names: string[] = []
  const source = route.path.replaceAll(
    /\{(\w+)(\.\.\.)?\}|[.+*?^$()[\]|\\]/g,
    (text, name: string | undefined, isGreedy) => {
      if (name === undefined) return `\\${text}`
      names.push(name)
      return isGreedy === undefined ? '([^/]+)' : '(.+)'
    },
  )
  return { route, pattern: new RegExp(`^${source}$`), names }
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
