import { globToRegExp } from './glob.ts'

/** Says whether a path of the context (no slash in front) is left out. */
export type Ignore = (path: string) => boolean

/**
 * `.dockerignore`: one pattern a line, `!` brings back, the last one that fits decides; a pattern fits everything below what it names. Comments
 * are lines that begin with `#`. Source: moby/patternmatcher.
 */
export function parseIgnore(text: string): Ignore {
  return ignoreOf(
    text
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .filter(line => !line.startsWith('#'))
      .map(line => line.trim())
      .filter(line => line !== ''),
  )
}

/** The same for patterns at hand (`COPY --exclude`). */
export function ignoreOf(lines: readonly string[]): Ignore {
  const rules = lines.map(line => {
    const isException = line.startsWith('!')
    const cleaned = cleanPattern(isException ? line.slice(1).trim() : line)
    return { isException, pattern: globToRegExp(cleaned) }
  })
  return path => {
    let isIgnored = false
    for (const { isException, pattern } of rules) {
      if (isIgnored === isException && parentsOf(path).some(parent => pattern.test(parent))) isIgnored = !isException
    }
    return isIgnored
  }
}

/** `a/b/c` -> a, a/b, a/b/c. */
function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

const cleanPattern = (pattern: string): string => {
  const parts: string[] = []
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0) parts.pop()
    else parts.push(part)
  }
  return parts.length === 0 ? '.' : parts.join('/')
}
