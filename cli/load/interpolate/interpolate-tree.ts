import type { Problems } from '../problems.ts'
import { listNode, type MapEntry, mapNode, type Node, type ScalarNode, scalarNode } from '../yaml/node.ts'
import { childPath, type Path } from '../yaml/path.ts'
import { type PathRules, rulesBelow } from '../yaml/path-rules.ts'
import { type Cast, castRules, castText } from './casts.ts'
import { type Substitution, substitute } from './template.ts'

export interface InterpolationScope {
  readonly lookup: (name: string) => string | undefined
  readonly problems: Problems
}

/** Substitutes variables in every value (never in a key) and makes numbers and booleans of texts where a number or boolean must be. */
export function interpolateTree(node: Node, scope: InterpolationScope): Node {
  return new TreeInterpolation(scope).node(node, undefined, castRules)
}

class TreeInterpolation {
  readonly #scope: InterpolationScope

  constructor(scope: InterpolationScope) {
    this.#scope = scope
  }

  /** The same node when nothing changes, so that trees without variables are not copied. */
  node(node: Node, path: Path | undefined, rules: PathRules<Cast> | undefined): Node {
    switch (node.kind) {
      case 'scalar':
        return typeof node.value === 'string' ? this.#text(node, node.value, path, rules?.rule) : node
      case 'list': {
        const below = rulesBelow(rules, '*')
        const items = node.items.map((item, index) => this.node(item, childPath(path, index), below))
        return items.every((item, index) => item === node.items[index]) ? node : listNode(items, node.mark, node.tag)
      }
      case 'map': {
        let changed: Map<string, MapEntry> | undefined
        for (const [key, entry] of node.entries) {
          if (/\$\{?[A-Za-z_]/.test(key)) this.#keyIsNoTemplate(key, path, entry)
          const value = this.node(entry.value, childPath(path, key), rulesBelow(rules, key))
          if (value === entry.value) continue
          changed ??= new Map(node.entries)
          changed.set(key, { mark: entry.mark, value })
        }
        return changed === undefined ? node : mapNode(changed, node.mark, node.tag)
      }
      default:
        return node satisfies never
    }
  }

  #keyIsNoTemplate(key: string, path: Path | undefined, { mark }: MapEntry): void {
    this.#scope.problems.warn({
      code: 'variable-in-key',
      message: `variables are not substituted in keys, so ${JSON.stringify(key)} stays as it is written`,
      path: childPath(path, key),
      mark,
      hint: 'write a list of NAME=value, whose items are values and may hold variables',
    })
  }

  #text(node: ScalarNode, template: string, path: Path | undefined, cast: Cast | undefined): Node {
    const text = template.includes('$') ? this.#substitute(node, template, path) : template
    if (text === undefined) return node
    if (cast === undefined) return text === template ? node : scalarNode(text, node.mark, node.tag)
    const result = castText(text, cast)
    if (!result.ok) {
      const origin = text === template ? '' : ` from ${JSON.stringify(template)}`
      this.#scope.problems.error({
        code: 'wrong-type',
        message: `expected ${result.expected}, found ${JSON.stringify(text)}${origin}`,
        path,
        mark: node.mark,
      })
      return node
    }
    if (result.isDeprecated) {
      this.#scope.problems.warn({
        code: 'yaml-1.1-boolean',
        message: `${JSON.stringify(text)} is not a boolean in YAML 1.2`,
        path,
        mark: node.mark,
        hint: `write ${result.value}`,
      })
    }
    return scalarNode(result.value, node.mark, node.tag)
  }

  #substitute(node: ScalarNode, template: string, path: Path | undefined): string | undefined {
    const { problems, lookup } = this.#scope
    const result: Substitution = substitute(template, {
      lookup,
      onUnset: name =>
        problems.warn({
          code: 'unset-variable',
          message: `the variable ${name} is not set, so it becomes an empty text`,
          path,
          mark: node.mark,
          hint: `set it, or give a default: \${${name}:-...}`,
        }),
    })
    if (result.ok) return result.text
    if (result.reason === 'invalid') {
      problems.error({
        code: 'invalid-interpolation',
        message: `${JSON.stringify(template)} is not a valid use of $ (at character ${result.offset + 1})`,
        path,
        mark: node.mark,
        hint: 'write $$ for a $ that is meant as such',
      })
      return undefined
    }
    const why = result.message === '' ? '' : `: ${result.message}`
    problems.error({
      code: 'missing-variable',
      message: `the required variable ${result.variable} is missing a value${why}`,
      path,
      mark: node.mark,
      hint: `set it in the environment or in the .env file: ${result.variable}=...`,
    })
    return undefined
  }
}
