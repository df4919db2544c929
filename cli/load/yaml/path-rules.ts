/** A table `services.*.ports` -> rule, arranged so that a walker follows it step by step beside the tree. `*` stands for any one key or index. */
export interface PathRules<Rule> {
  readonly rule: Rule | undefined
  readonly children: ReadonlyMap<string, PathRules<Rule>>
}

export function pathRules<Rule>(table: Readonly<Record<string, Rule>>): PathRules<Rule> {
  const root: Building<Rule> = { rule: undefined, children: new Map() }
  for (const [pattern, rule] of Object.entries(table)) {
    let at = root
    for (const key of pattern.split('.')) {
      let next = at.children.get(key)
      if (next === undefined) {
        next = { rule: undefined, children: new Map() }
        at.children.set(key, next)
      }
      at = next
    }
    at.rule = rule
  }
  return root
}

/** The rules below a key; undefined = nothing in the table lies below, so a walker may stop. */
export function rulesBelow<Rule>(rules: PathRules<Rule> | undefined, key: string): PathRules<Rule> | undefined {
  return rules?.children.get(key) ?? rules?.children.get('*')
}

interface Building<Rule> {
  rule: Rule | undefined
  readonly children: Map<string, Building<Rule>>
}
