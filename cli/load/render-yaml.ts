import { jsonTree } from './render-json.ts'
import { plainScalar } from './yaml/plain-scalar.ts'

type Tree = Readonly<Record<string, unknown>>

/** Top-level keys in the order in which Compose prints them; `x-` keys come last. */
const sectionOrder = ['name', 'services', 'networks', 'volumes', 'secrets', 'configs', 'models']

/**
 * The canonical tree as `config` prints it in YAML: every `$` doubled, so that the output is a stack file again (`isTemplate`: it is one already).
 */
export function renderYaml(tree: Tree, { isTemplate = false } = {}): string {
  const text = `${block(ordered(tree), 0).join('\n')}\n`
  return isTemplate ? text : text.replaceAll('$', '$$$$')
}

/** The same in JSON, with the fields of Compose's JSON; a template is printed as it is. */
export function renderJson(tree: Tree, { isTemplate = false } = {}): string {
  const text = `${JSON.stringify(isTemplate ? ordered(tree) : jsonTree(ordered(tree)), null, 2)}\n`
  return isTemplate ? text : text.replaceAll('$', '$$$$')
}

function ordered(tree: Tree): Tree {
  const rank = (key: string) => (sectionOrder.includes(key) ? sectionOrder.indexOf(key) : sectionOrder.length)
  const entries = Object.entries(tree).filter(([key, value]) => key === 'services' || !isEmptyMap(value))
  return fromEntries(entries.sort(([one], [other]) => rank(one) - rank(other) || (one < other ? -1 : 1)))
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): Tree {
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, value] of entries) result[key] = value
  return result
}

function isMap(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmptyMap(value: unknown): boolean {
  return isMap(value) && Object.keys(value).length === 0
}

/** Lines of a value that stands on lines of its own. */
function block(value: unknown, indent: number): readonly string[] {
  const pad = ' '.repeat(indent)
  if (Array.isArray(value)) {
    return value.flatMap(item => {
      const [first = '', ...rest] = isNested(item) ? block(item, indent + 2) : scalarLines(item, indent + 2)
      return [`${pad}- ${first.trimStart()}`, ...rest]
    })
  }
  if (!isMap(value)) return scalarLines(value, indent)
  return Object.entries(value).flatMap(([key, each]) => {
    const name = `${pad}${scalar(key)}:`
    if (isNested(each)) return [name, ...block(each, indent + (Array.isArray(each) ? 2 : 2))]
    const [first = '', ...rest] = scalarLines(each, indent + 2)
    return [`${name} ${first}`, ...rest]
  })
}

function isNested(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isMap(value) && Object.keys(value).length > 0
}

function scalarLines(value: unknown, indent: number): readonly string[] {
  if (typeof value === 'string' && isBlockText(value)) {
    const pad = ' '.repeat(indent)
    const lines = value.replace(/\n$/, '').split('\n')
    return [value.endsWith('\n') ? '|' : '|-', ...lines.map(line => (line === '' ? '' : `${pad}${line}`))]
  }
  return [scalar(value)]
}

/** Texts of several lines are shown as such, if a literal block can hold them. */
function isBlockText(text: string): boolean {
  return (
    text.includes('\n') &&
    !/^[\s\n]|\n\n$|[^\S\n]\n|[^\S\n]$/.test(text) &&
    !/[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/u.test(text)
  )
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return '[]'
  if (isMap(value)) return '{}'
  if (typeof value !== 'string') return String(value)
  const isSafe =
    /^[A-Za-z0-9_./~$][^\n]*$/.test(value) && !/: |:$| #|\t|[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]| $/u.test(value)
  if (
    isSafe &&
    typeof plainScalar(value) === 'string' &&
    !/^(?:y|n|yes|no|on|off|0[0-9]+|~.*)$/i.test(value) &&
    !/^[-+.0-9][-+.0-9_:,eE]*$/.test(value)
  ) {
    return value
  }
  return JSON.stringify(value).replaceAll('\u007f', '\\x7f')
}
