import * as z from 'zod/mini'
import { stackSchema } from '../../../schemas/stack/stack.ts'
import type { Problems } from '../problems.ts'
import { kindName, type MapNode, type Mark, type Node } from '../yaml/node.ts'
import { pathOf } from '../yaml/path.ts'
import { knownKeys } from './known-keys.ts'
import { didYouMean } from './nearest-name.ts'
import { type SchemaIssue, schemaIssues } from './schema-issues.ts'

// Compiling schemas with `new Function` costs more at the start of a command than it ever saves in one.
z.config({ jitless: true })

export interface ValidTree {
  /** The tree without the attributes that are wrong, so that the stages after this one can go on and find more. */
  readonly tree: MapNode
  /** A whole section or resource was wrong: what refers to it cannot be judged. */
  readonly hasHoles: boolean
}

/** Checks the merged tree against the schema: every unknown key and wrong type becomes a problem with its place. */
export function validateTree(tree: MapNode, problems: Problems): ValidTree {
  const result = stackSchema.safeParse(plainForSchema(tree))
  if (result.success) return { tree, hasHoles: false }
  let pruned: Node = tree
  let hasHoles = false
  for (const issue of schemaIssues(result.error.issues)) {
    const keys = issue.path.map(key => (typeof key === 'symbol' ? String(key) : key))
    report(issue, keys, tree, problems)
    if (keys.length < 3 && issue.kind !== 'unknown-key') hasHoles = true
    pruned = without(pruned, keys.slice(0, keys[0] === 'services' ? 3 : 2))
  }
  return { tree: pruned.kind === 'map' ? pruned : tree, hasHoles }
}

function report(issue: SchemaIssue, keys: readonly (string | number)[], tree: MapNode, problems: Problems): void {
  const { value, keyMark } = lookUp(tree, keys)
  const path = pathOf(...keys)
  const place = { path, mark: value?.mark ?? keyMark }
  const found = value === undefined ? 'nothing' : kindName(value)
  switch (issue.kind) {
    case 'unknown-key':
      problems.error({
        code: 'unknown-key',
        message: `unknown attribute ${JSON.stringify(issue.key)}`,
        path,
        mark: keyMark ?? place.mark,
        hint: didYouMean(issue.key, knownKeys(keys.slice(0, -1))),
      })
      return
    case 'bad-key':
      problems.error({
        code: 'bad-name',
        message: `${JSON.stringify(String(keys.at(-1)))} is not a valid name`,
        path,
        mark: keyMark ?? place.mark,
        hint: 'use letters, digits, ".", "_" and "-"',
      })
      return
    case 'wrong-type':
    case 'missing': {
      if (value === undefined) {
        const parent = lookUp(tree, keys.slice(0, -1))
        problems.error({
          code: 'missing-key',
          message: `the attribute ${JSON.stringify(String(keys.at(-1)))} is missing`,
          path: pathOf(...keys.slice(0, -1)),
          mark: parent.keyMark ?? parent.value?.mark,
        })
        return
      }
      problems.error({ code: 'wrong-type', message: `expected ${either(issue.expected)}, found ${found}`, ...place })
      return
    }
    case 'wrong-value': {
      if (value === undefined) {
        report({ kind: 'missing', path: issue.path, expected: issue.values }, keys, tree, problems)
        return
      }
      const written = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : ''
      problems.error({
        code: 'wrong-value',
        message: `expected ${either(issue.values.map(each => JSON.stringify(each)))}, found ${found}`,
        ...place,
        hint: didYouMean(written, issue.values),
      })
      return
    }
    case 'out-of-range':
      problems.error({ code: 'out-of-range', message: `expected ${issue.bound}, found ${found}`, ...place })
      return
    case 'wrong-format':
      problems.error({
        code: 'wrong-format',
        message: `${found} is not of the form ${issue.pattern.replace(/^\/\^?|\$?\/$/g, '')}`,
        ...place,
      })
      return
    case 'repeated':
      problems.error({ code: 'repeated', message: 'an item stands here twice', ...place, hint: 'remove one of them' })
      return
    default:
      issue satisfies never
  }
}

function either(choices: readonly string[]): string {
  const unique = [...new Set(choices)]
  return unique.length < 2 ? (unique[0] ?? 'another value') : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`
}

function lookUp(
  tree: Node,
  keys: readonly (string | number)[],
): { readonly value: Node | undefined; readonly keyMark: Mark | undefined } {
  let value: Node | undefined = tree
  let keyMark: Mark | undefined
  for (const key of keys) {
    if (value?.kind === 'map') {
      const entry = value.entries.get(String(key))
      keyMark = entry?.mark
      value = entry?.value
    } else if (value?.kind === 'list' && typeof key === 'number') {
      value = value.items[key]
      keyMark = value?.mark
    } else {
      return { value: undefined, keyMark: undefined }
    }
  }
  return { value, keyMark }
}

function without(node: Node, keys: readonly (string | number)[]): Node {
  const [first, ...rest] = keys
  if (node.kind !== 'map' || first === undefined) return node
  const entry = node.entries.get(String(first))
  if (entry === undefined) return node
  const entries = new Map(node.entries)
  if (rest.length === 0) entries.delete(String(first))
  else entries.set(String(first), { mark: entry.mark, value: without(entry.value, rest) })
  return { ...node, entries }
}

/** Like `toPlain`, but integers too large for a double come near enough: only their type is looked at. */
function plainForSchema(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return typeof node.value === 'bigint' ? Number.MAX_SAFE_INTEGER : node.value
    case 'list':
      return node.items.map(plainForSchema)
    case 'map': {
      const result: Record<string, unknown> = Object.create(null)
      for (const [key, entry] of node.entries) result[key] = plainForSchema(entry.value)
      return result
    }
    default:
      return node satisfies never
  }
}
