import type * as z from 'zod/mini'

/** One mistake that a schema found, as plain as it gets: unions are already resolved to the alternative that was meant. */
export type SchemaIssue = { readonly path: readonly PropertyKey[] } & (
  | { readonly kind: 'wrong-type'; readonly expected: readonly string[] }
  | { readonly kind: 'missing'; readonly expected: readonly string[] }
  | { readonly kind: 'unknown-key'; readonly key: string }
  | { readonly kind: 'bad-key'; readonly pattern: string }
  | { readonly kind: 'wrong-value'; readonly values: readonly string[] }
  | { readonly kind: 'out-of-range'; readonly bound: string }
  | { readonly kind: 'wrong-format'; readonly pattern: string }
  | { readonly kind: 'repeated' }
)

type RawIssue = z.core.$ZodIssue

/** Flattens zod's issues. Keys that begin with `x-` are extensions, allowed nearly everywhere, and therefore no issue. */
export function schemaIssues(issues: readonly RawIssue[], base: readonly PropertyKey[] = []): readonly SchemaIssue[] {
  return issues.flatMap(issue => flatten(issue, [...base, ...issue.path]))
}

function flatten(issue: RawIssue, path: readonly PropertyKey[]): readonly SchemaIssue[] {
  switch (issue.code) {
    case 'invalid_type':
      return [{ kind: 'wrong-type', path, expected: [typeName(issue.expected)] }]
    case 'unrecognized_keys':
      return issue.keys
        .filter(key => !key.startsWith('x-') || isClosed(path))
        .map(key => ({ kind: 'unknown-key' as const, path: [...path, key], key }))
    case 'invalid_key': {
      const pattern = issue.issues.map(inner => (inner.code === 'invalid_format' ? String(inner.pattern ?? '') : ''))[0]
      return [{ kind: 'bad-key', path, pattern: pattern ?? '' }]
    }
    case 'invalid_value':
      return [{ kind: 'wrong-value', path, values: issue.values.map(String) }]
    case 'too_small':
      return [{ kind: 'out-of-range', path, bound: `at least ${issue.minimum}` }]
    case 'too_big':
      return [{ kind: 'out-of-range', path, bound: `at most ${issue.maximum}` }]
    case 'invalid_format':
      return [{ kind: 'wrong-format', path, pattern: String(issue.pattern ?? '') }]
    case 'custom':
      return [{ kind: 'repeated', path }]
    case 'invalid_union':
      return chooseAlternative(
        issue.errors.map(errors => schemaIssues(errors, path)),
        path,
      )
    default:
      return [{ kind: 'wrong-type', path, expected: ['another value'] }]
  }
}

/** The few places where the specification has no room for extensions. */
function isClosed([section, , attribute]: readonly PropertyKey[]): boolean {
  return section === 'include' || (section === 'services' && closedAttributes.has(attribute ?? ''))
}

const closedAttributes = new Set<PropertyKey>(['blkio_config', 'env_file', 'extends'])

/** The alternative whose kind of value fitted tells what is wrong inside it; if none fitted, all of them are what was expected. */
function chooseAlternative(
  alternatives: readonly (readonly SchemaIssue[])[],
  path: readonly PropertyKey[],
): readonly SchemaIssue[] {
  if (alternatives.some(issues => issues.length === 0)) return []
  const inside = alternatives.filter(issues => !issues.some(issue => isAboutKind(issue, path)))
  const [best] = inside.sort((one, other) => depth(other) - depth(one) || one.length - other.length)
  if (best !== undefined) return best
  const values = alternatives.flat().flatMap(issue => (issue.kind === 'wrong-value' ? issue.values : []))
  const expected = alternatives.flat().flatMap(issue => (issue.kind === 'wrong-type' ? issue.expected : []))
  return [
    { kind: 'wrong-type', path, expected: [...new Set([...values.map(value => JSON.stringify(value)), ...expected])] },
  ]
}

function isAboutKind(issue: SchemaIssue, path: readonly PropertyKey[]): boolean {
  return issue.path.length === path.length && (issue.kind === 'wrong-type' || issue.kind === 'wrong-value')
}

function depth(issues: readonly SchemaIssue[]): number {
  return Math.max(...issues.map(issue => issue.path.length))
}

function typeName(expected: string): string {
  switch (expected) {
    case 'string':
      return 'text'
    case 'int':
      return 'a whole number'
    case 'number':
      return 'a number'
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    case 'object':
    case 'record':
      return 'a mapping'
    case 'null':
      return 'nothing'
    default:
      return expected
  }
}
