import type { Problems } from '../problems.ts'
import {
  isNull,
  kindName,
  listNode,
  type MapEntry,
  type MapNode,
  mapNode,
  type Node,
  positionOf,
  scalarNode,
  stringAt,
  valueAt,
} from '../yaml/node.ts'
import { childPath, type Path, pathOf } from '../yaml/path.ts'
import { type PathRules, rulesBelow } from '../yaml/path-rules.ts'
import { nameMap, pairList } from './forms.ts'
import { type MergeRule, mergeRules } from './merge-rules.ts'

/** A later file, document or override over an earlier one. `!reset` and `!override` in the later are applied and stay in the result. */
export function mergeTrees(base: MapNode, over: MapNode, problems: Problems): MapNode {
  return new TreeMerge(problems).maps(base, over, undefined, mergeRules)
}

/** A service over the one that it extends, by the same rules. */
export function mergeServices(base: MapNode, over: MapNode, name: string, problems: Problems): MapNode {
  const rules = rulesBelow(rulesBelow(mergeRules, 'services'), '*')
  return new TreeMerge(problems).maps(base, over, pathOf('services', name), rules)
}

/** Without what `!reset` marks, and with `!override` forgotten: done once a tree has been merged over all that it can act on. */
export function applyTags(node: Node): Node {
  switch (node.kind) {
    case 'scalar':
      return node.tag === undefined ? node : scalarNode(node.value, node.mark)
    case 'list':
      return listNode(node.items.filter(item => item.tag !== 'reset').map(applyTags), node.mark)
    case 'map': {
      const entries = new Map<string, MapEntry>()
      for (const [key, { mark, value }] of node.entries) {
        if (value.tag !== 'reset') entries.set(key, { mark, value: applyTags(value) })
      }
      return mapNode(entries, node.mark)
    }
    default:
      return node satisfies never
  }
}

class TreeMerge {
  readonly #problems: Problems

  constructor(problems: Problems) {
    this.#problems = problems
  }

  maps(base: MapNode, over: MapNode, path: Path | undefined, rules: PathRules<MergeRule> | undefined): MapNode {
    const entries = new Map(base.entries)
    for (const [key, entry] of over.entries) {
      const earlier = entries.get(key)
      if (earlier === undefined || earlier.value.tag === 'reset' || entry.value.tag !== undefined) {
        entries.set(key, entry)
        continue
      }
      const value = this.#nodes(earlier.value, entry.value, childPath(path, key), rulesBelow(rules, key))
      entries.set(key, { mark: value === earlier.value ? earlier.mark : entry.mark, value })
    }
    return mapNode(entries, over.mark ?? base.mark, base.tag)
  }

  #nodes(base: Node, over: Node, path: Path, rules: PathRules<MergeRule> | undefined): Node {
    const rule = rules?.rule
    if (rule === 'replace') return over
    if (isNull(over)) return base
    if (isNull(base)) return over
    if (rule === undefined) return this.#plain(base, over, path, rules)
    return this.#special(rule, base, over, path, rules)
  }

  #plain(base: Node, over: Node, path: Path, rules: PathRules<MergeRule> | undefined): Node {
    if (base.kind === 'map' && over.kind === 'map') return this.maps(base, over, path, rules)
    if (base.kind === 'list' && over.kind === 'list') {
      return listNode([...base.items, ...over.items], over.mark, base.tag)
    }
    return base.kind === 'scalar' ? over : this.#clash(base, over, path)
  }

  #special(rule: MergeRule, base: Node, over: Node, path: Path, rules: PathRules<MergeRule> | undefined): Node {
    switch (rule) {
      case 'replace':
        return over
      case 'pairs': {
        const [before, after] = [pairList(withoutReset(base, over)), pairList(over)]
        return listNode([...before.items, ...after.items], over.mark, base.tag)
      }
      case 'hosts': {
        const [before, after] = [pairList(withoutReset(base, over)), pairList(over)]
        const known = new Set(before.items.map(textOf))
        return listNode([...before.items, ...after.items.filter(item => !known.has(textOf(item)))], over.mark, base.tag)
      }
      case 'names':
      case 'dependencies':
        return this.#byName(rule, base, over, path, rules)
      case 'build':
        return this.#plain(buildMap(base), buildMap(over), path, rules)
      case 'logging': {
        const [before, after] = [stringAt(base, 'driver'), stringAt(over, 'driver')]
        const isOther = before !== undefined && after !== undefined && before !== after
        return isOther ? over : this.#plain(base, over, path, rules)
      }
      case 'requests':
        if (base.kind === 'list' && over.kind === 'scalar') return this.#clash(base, over, path)
        return this.#plain(requestList(base), requestList(over), path, rules)
      case 'ulimit':
        return over
      case 'subnets':
        return base.kind === 'list' && over.kind === 'list'
          ? this.#subnets(base.items, over, path)
          : this.#clash(base, over, path)
      default:
        return rule satisfies never
    }
  }

  #byName(
    rule: 'names' | 'dependencies',
    base: Node,
    over: Node,
    path: Path,
    rules: PathRules<MergeRule> | undefined,
  ): Node {
    if (base.kind === 'scalar' || over.kind === 'scalar') return this.#clash(base, over, path)
    if (base.kind === 'list' && over.kind === 'list' && rule === 'names' && over.items.length === 0) return base
    return this.maps(nameMap(base, rule), nameMap(over, rule), path, rules)
  }

  /** Blocks of one subnet merge, others are added. */
  #subnets(base: readonly Node[], over: Node, path: Path): Node {
    const result = [...base]
    for (const block of over.kind === 'list' ? over.items : []) {
      const index = result.findIndex(each => stringAt(each, 'subnet') === stringAt(block, 'subnet'))
      const earlier = result[index]
      if (earlier?.kind === 'map' && block.kind === 'map') result[index] = this.maps(earlier, block, path, undefined)
      else result.push(block)
    }
    return listNode(result, over.mark)
  }

  #clash(base: Node, over: Node, path: Path): Node {
    const earlier = positionOf(base.mark)
    const where = earlier === undefined ? '' : ` (${earlier.file}:${earlier.line})`
    this.#problems.error({
      code: 'merge-clash',
      message: `${kindName(over)} cannot override ${kindName(base)}${where}`,
      path,
      mark: over.mark,
      hint: 'use the form of the earlier file, or replace it with !override',
    })
    return base
  }
}

/** `environment: {A: !reset null}` takes A out of a map; a list has no key to take out, in Compose too. */
function withoutReset(base: Node, over: Node): Node {
  if (base.kind !== 'map' || over.kind !== 'map') return base
  const reset = [...over.entries].filter(([, entry]) => entry.value.tag !== undefined).map(([key]) => key)
  if (reset.length === 0) return base
  return mapNode(new Map([...base.entries].filter(([key]) => !reset.includes(key))), base.mark, base.tag)
}

function textOf(node: Node): string {
  return node.kind === 'scalar' ? String(node.value) : ''
}

function buildMap(node: Node): Node {
  return node.kind === 'scalar' ? mapNode(new Map([['context', { mark: node.mark, value: node }]]), node.mark) : node
}

/** `gpus: all` as the list that it stands for. */
function requestList(node: Node): Node {
  if (node.kind !== 'scalar') return node
  return listNode(
    [mapNode(new Map([['count', { mark: node.mark, value: scalarNode('all', node.mark) }]]), node.mark)],
    node.mark,
    node.tag,
  )
}

/** Names that a merge must know before anything is merged. */
export function topLevelName(tree: Node): Node | undefined {
  return valueAt(tree, 'name')
}
