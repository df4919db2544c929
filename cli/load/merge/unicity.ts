import { listNode, type MapEntry, mapNode, type Node, scalarText, stringAt, valueAt } from '../yaml/node.ts'
import { type PathRules, pathRules, rulesBelow } from '../yaml/path-rules.ts'

/** What makes two items of a list one, so that the later takes the place of the earlier. Lists without a rule keep every item. */
type Identity = (item: Node) => string

/** Text up to the first `=`: the key of `key=value`, or all of a plain word. */
const word: Identity = item => textOf(item).replace(/=.*$/s, '')
const target: Identity = item => stringAt(item, 'target') ?? textOf(item)
const path: Identity = item => stringAt(item, 'path') ?? textOf(item)
const fileTarget =
  (folder: string): Identity =>
  item =>
    stringAt(item, 'target') ?? `${folder}/${stringAt(item, 'source')}`
const port: Identity = item => {
  const part = (key: string) => textOf(valueAt(item, key))
  return `${part('host_ip') || '0.0.0.0'}:${part('published')}:${part('target')}/${part('protocol')}`
}

const identities = pathRules<Identity>({
  // Lists of pairs are maps by now, but for a template, which keeps its forms.
  ...Object.fromEntries(
    ['annotations', 'build.args', 'build.labels', 'deploy.labels', 'environment', 'labels', 'sysctls'].map(key => [
      `services.*.${key}`,
      word,
    ]),
  ),
  'services.*.build.tags': word,
  'services.*.cap_add': word,
  'services.*.cap_drop': word,
  'services.*.configs': fileTarget(''),
  'services.*.devices': target,
  'services.*.dns': word,
  'services.*.dns_opt': word,
  'services.*.dns_search': word,
  'services.*.env_file': path,
  'services.*.expose': textOf,
  'services.*.links': word,
  'services.*.networks.*.aliases': word,
  'services.*.networks.*.link_local_ips': word,
  'services.*.ports': port,
  'services.*.profiles': word,
  'services.*.secrets': fileTarget('/run/secrets'),
  'services.*.tmpfs': word,
  'services.*.volumes': target,
})

/** Removes what later items replace, in a tree in canonical form. */
export function enforceUnicity(tree: Node): Node {
  return unique(tree, identities)
}

function unique(node: Node, rules: PathRules<Identity>): Node {
  if (node.kind === 'list' && rules.rule !== undefined) {
    const byIdentity = new Map<string, Node>()
    for (const item of node.items) byIdentity.set(rules.rule(item), item)
    return byIdentity.size === node.items.length ? node : listNode([...byIdentity.values()], node.mark)
  }
  if (node.kind !== 'map') return node
  let changed: Map<string, MapEntry> | undefined
  for (const [key, { mark, value }] of node.entries) {
    const below = rulesBelow(rules, key)
    const result = below === undefined ? value : unique(value, below)
    if (result === value) continue
    changed ??= new Map(node.entries)
    changed.set(key, { mark, value: result })
  }
  return changed === undefined ? node : mapNode(changed, node.mark)
}

function textOf(node: Node | undefined): string {
  return node?.kind === 'scalar' ? scalarText(node.value) : ''
}
