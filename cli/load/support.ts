import type { Problems } from './problems.ts'
import type { MapNode, Mark, Node } from './yaml/node.ts'
import { childPath, type Path, pathOf } from './yaml/path.ts'
import { type PathRules, pathRules, rulesBelow } from './yaml/path-rules.ts'

/** What Berth does with an attribute of the specification. Attributes that are not in the table work. */
export interface Support {
  readonly level: 'warned' | 'refused'
  /** Why, as the end of a sentence. */
  readonly because: string
}

const notYet = (because: string): Support => ({ level: 'warned', because })
const refused = (because: string): Support => ({ level: 'refused', because })

const noGpu = notYet('devices by capability are not handed out yet')
const noRollout = notYet('services are updated one after the other, stop first')

/** One table decides, and the README's table is made from it. Paths as in `compose-spec.json`, `*` for any name or index. */
export const supportTable: Readonly<Record<string, Support>> = {
  'services.*.build.isolation': refused('isolation technologies are for Windows containers'),
  'services.*.build.provenance': notYet('attestations are not made'),
  'services.*.build.sbom': notYet('attestations are not made'),
  'services.*.cpu_count': notYet('it is for Windows; use cpus'),
  'services.*.cpu_percent': notYet('it is for Windows; use cpus'),
  'services.*.credential_spec': refused('credential specs are for Windows containers'),
  'services.*.deploy.mode': notYet('on one host there is nothing to choose'),
  'services.*.deploy.placement.preferences': notYet('there is one host'),
  'services.*.deploy.resources.reservations.devices': noGpu,
  'services.*.deploy.resources.reservations.generic_resources': notYet('there is one host'),
  'services.*.deploy.rollback_config': noRollout,
  'services.*.deploy.update_config': noRollout,
  'services.*.gpus': noGpu,
  'services.*.isolation': refused('isolation technologies are for Windows containers'),
  'services.*.logging.driver': notYet('logs are kept in files'),
  'services.*.models': notYet('models are not run; set the variables that point to one'),
  'services.*.networks.*.driver_opts': notYet('the bridge driver has no options for one container'),
  'services.*.networks.*.interface_name': notYet('interfaces are named eth0, eth1, ...'),
  'services.*.networks.*.link_local_ips': notYet('networks have IPv4 addresses only'),
  'services.*.pre_start': notYet('hooks are not run yet'),
  'services.*.storage_opt': notYet('the size of a container is not limited yet'),
  'services.*.use_api_socket': notYet('mount the socket as a volume'),
  models: notYet('models are not run'),
}

const rules: PathRules<Support> = pathRules(supportTable)

/** Warns of, or refuses, what is written in a file and has no effect here; each attribute of each service once. */
export function checkSupport(tree: MapNode, problems: Problems): void {
  const version = tree.entries.get('version')
  if (version !== undefined) {
    problems.warn({
      code: 'obsolete',
      message: '"version" is obsolete and ignored',
      path: pathOf('version'),
      mark: version.mark,
      hint: 'remove it',
    })
  }
  walk(tree, undefined, undefined, rules, problems)
}

function walk(
  node: Node,
  path: Path | undefined,
  mark: Mark | undefined,
  at: PathRules<Support>,
  problems: Problems,
): void {
  const { rule } = at
  if (rule !== undefined && path !== undefined) {
    if (isSilent(node)) return
    const name = String(path.key)
    if (rule.level === 'refused') {
      problems.error({
        code: 'refused',
        message: `${JSON.stringify(name)} is not possible here: ${rule.because}`,
        path,
        mark,
      })
    } else {
      problems.warn({
        code: 'no-effect',
        message: `${JSON.stringify(name)} has no effect: ${rule.because}`,
        path,
        mark,
      })
    }
    return
  }
  if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      const below = rulesBelow(at, key)
      if (below !== undefined) walk(entry.value, childPath(path, key), entry.mark ?? entry.value.mark, below, problems)
    }
  } else if (node.kind === 'list') {
    const below = rulesBelow(at, '*')
    if (below !== undefined)
      for (const [index, item] of node.items.entries()) walk(item, childPath(path, index), item.mark, below, problems)
  }
}

/** Empty values, and the ones that say what happens anyway. */
function isSilent(node: Node): boolean {
  if (node.kind === 'scalar') {
    return node.value === null || node.value === '' || node.value === false || silentTexts.has(String(node.value))
  }
  return node.kind === 'list' ? node.items.length === 0 : node.entries.size === 0
}

const silentTexts = new Set(['host', 'default', 'json-file', 'local', 'replicated', 'vip', 'runc'])

/** Level of one attribute, for tables: `services.*.image` -> works. */
export function supportOf(path: string): Support | undefined {
  let at: PathRules<Support> | undefined = rules
  for (const key of path.split('.')) {
    if (at?.rule !== undefined) return at.rule
    at = rulesBelow(at, key)
  }
  return at?.rule
}
