/** Says whether a path (relative, `/` between names) is meant. */
export type PathTest = (path: string) => boolean

/**
 * Patterns of `ignore` and `include`, with the meaning of .dockerignore: `*` stays within a name, `**` crosses folders, `!` takes an earlier pattern back, the
 * last one that fits decides, and a pattern fits everything below what it names.
 */
export function pathTest(patterns: readonly string[]): PathTest {
  const rules = patterns
    .map(pattern => pattern.trim())
    .filter(pattern => pattern !== '' && !pattern.startsWith('#'))
    .map(pattern => {
      const isException = pattern.startsWith('!')
      return { isException, expression: toExpression(isException ? pattern.slice(1) : pattern) }
    })
  return path => {
    let isMeant = false
    for (const { isException, expression } of rules) if (expression.test(path)) isMeant = !isException
    return isMeant
  }
}

/** What editors and git leave behind while they work; docker compose leaves the same alone. */
export const alwaysIgnored: readonly string[] = [
  '**/.git',
  '**/*.swp',
  '**/*.swx',
  '**/*~',
  '**/#*#',
  '**/.#*',
  '**/4913',
  '**/.idea/**/*.xml',
  '**/*___jb_tmp___',
  '**/*___jb_old___',
  '**/.DS_Store',
]

function toExpression(pattern: string): RegExp {
  const parts = pattern.split('/').filter(part => part !== '' && part !== '.')
  const source = parts
    .map((part, at) => {
      const isLast = at === parts.length - 1
      if (part === '**') return isLast ? '.*' : '(?:.*/)?'
      return `${part.replace(/\*+|\?|[\\^$.|+(){}]/g, glob)}${isLast ? '' : '/'}`
    })
    .join('')
  return new RegExp(`^${source}(?:/.*)?$`)
}

function glob(text: string): string {
  if (text === '*') return '[^/]*'
  if (text.startsWith('*')) return '.*'
  return text === '?' ? '[^/]' : `\\${text}`
}
