/** A graph of named things in which `needs` says what each of them comes after. Acyclic unless `findCycle` says otherwise. */
export interface Dag<Node> {
  readonly nodes: ReadonlyMap<string, Node>
  /** Key -> keys that it needs; each of them is a node. */
  readonly needs: ReadonlyMap<string, readonly string[]>
}

/** Needs of things that are not in `nodes` are left out: whether that is a mistake is for the caller to say. */
export function createDag<Node>(
  nodes: Iterable<readonly [string, Node]>,
  needsOf: (node: Node, key: string) => Iterable<string>,
): Dag<Node> {
  const byKey = new Map(nodes)
  const needs = new Map<string, readonly string[]>()
  for (const [key, node] of byKey)
    needs.set(
      key,
      [...new Set(needsOf(node, key))].filter(need => byKey.has(need)),
    )
  return { nodes: byKey, needs }
}

/** A cycle as the path around it, first key repeated at the end (`a b c a`), or undefined. */
export function findCycle<Node>(dag: Dag<Node>): readonly string[] | undefined {
  const finished = new Set<string>()
  for (const start of dag.nodes.keys()) {
    const cycle = findCycleFrom(dag, start, finished)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

/** Depth first with a stack of its own: a chain of ten thousand services must not overflow the call stack. */
function findCycleFrom<Node>(dag: Dag<Node>, start: string, finished: Set<string>): readonly string[] | undefined {
  if (finished.has(start)) return undefined
  const path = [start]
  const onPath = new Set(path)
  const pending = [[...(dag.needs.get(start) ?? [])]]
  while (path.length > 0) {
    const next = pending.at(-1)?.shift()
    if (next === undefined) {
      const done = path.pop() ?? ''
      onPath.delete(done)
      finished.add(done)
      pending.pop()
    } else if (onPath.has(next)) {
      return [...path.slice(path.indexOf(next)), next]
    } else if (!finished.has(next)) {
      path.push(next)
      onPath.add(next)
      pending.push([...(dag.needs.get(next) ?? [])])
    }
  }
  return undefined
}

/**
 * The keys in waves: everything in a wave needs only what is in the waves before it, and as few waves as possible. Keys on a cycle, and
 * those that need them, are in none.
 */
export function waves<Node>(dag: Dag<Node>): readonly (readonly string[])[] {
  const missing = new Map<string, number>()
  const dependents = dependentsOf(dag)
  let wave: string[] = []
  for (const [key, needs] of dag.needs) {
    missing.set(key, needs.length)
    if (needs.length === 0) wave.push(key)
  }
  const result: string[][] = []
  while (wave.length > 0) {
    result.push(wave)
    const next: string[] = []
    for (const key of wave) {
      for (const dependent of dependents.get(key) ?? []) {
        const left = (missing.get(dependent) ?? 0) - 1
        missing.set(dependent, left)
        if (left === 0) next.push(dependent)
      }
    }
    wave = next
  }
  return result
}

/** Key -> keys that need it: the graph turned round. */
export function dependentsOf<Node>(dag: Dag<Node>): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>([...dag.nodes.keys()].map(key => [key, []]))
  for (const [key, needs] of dag.needs) for (const need of needs) dependents.get(need)?.push(key)
  return dependents
}

/** The same nodes with every arrow turned round. */
export const reversed = <Node>(dag: Dag<Node>): Dag<Node> => ({ nodes: dag.nodes, needs: dependentsOf(dag) })

/** `start` and all that it needs, directly or not. */
export function closure<Node>(dag: Dag<Node>, start: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>()
  const pending = [...start]
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    if (seen.has(key) || !dag.nodes.has(key)) continue
    seen.add(key)
    pending.push(...(dag.needs.get(key) ?? []))
  }
  return seen
}

/** The graph without needs that follow from others: a -> c is dropped where a -> b -> c is there. For pictures. */
export function reduced<Node>(dag: Dag<Node>): Dag<Node> {
  const reach = new Map<string, ReadonlySet<string>>()
  for (const wave of waves(dag)) {
    for (const key of wave) {
      const all = new Set<string>()
      for (const need of dag.needs.get(key) ?? []) {
        all.add(need)
        for (const further of reach.get(need) ?? []) all.add(further)
      }
      reach.set(key, all)
    }
  }
  const needs = new Map<string, readonly string[]>()
  for (const [key, direct] of dag.needs) {
    needs.set(
      key,
      direct.filter(need => !direct.some(other => other !== need && reach.get(other)?.has(need))),
    )
  }
  return { nodes: dag.nodes, needs }
}
