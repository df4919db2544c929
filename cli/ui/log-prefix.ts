import { sanitizeLine } from './sanitize.ts'
import type { Style } from './style.ts'
import { displayWidth, padEnd } from './width.ts'

export interface LogPrefixOptions {
  readonly style: Style
  /** Without prefixes lines pass through as they are. */
  readonly hasPrefix: boolean
}

/**
 * Gives every source of log lines (`web-1`) a prefix of common width and a colour of its own. Sources get colours in the order of `names`, so that
 * a stack always looks the same; sources that turn up later get the next ones.
 */
export function createLogPrefix(
  names: readonly string[],
  { style, hasPrefix }: LogPrefixOptions,
): (name: string) => string {
  const colours = [style.cyan, style.yellow, style.green, style.magenta, style.blue]
  const bright = [style.cyanBright, style.yellowBright, style.greenBright, style.magentaBright, style.blueBright]
  const palette = [...colours, ...bright]
  const order = new Map(names.map((name, index) => [name, index]))
  let width = Math.max(0, ...names.map(name => displayWidth(sanitizeLine(name))))
  const made = new Map<string, string>()

  return name => {
    if (!hasPrefix) return ''
    const known = made.get(name)
    if (known !== undefined) return known
    if (!order.has(name)) order.set(name, order.size)
    const text = sanitizeLine(name)
    width = Math.max(width, displayWidth(text))
    const paint = palette[(order.get(name) ?? 0) % palette.length] ?? String
    const prefix = paint(`${padEnd(text, width)}  | `)
    made.set(name, prefix)
    return prefix
  }
}
