import { type MapEntry, type MapNode, mapNode, valueAt } from '../yaml/node.ts'
import { textsAt } from './normalize-service.ts'

export interface ProfileSelection {
  readonly enabled: MapNode
  readonly disabled: MapNode
  /** Active profiles, those of services named on the command line included. */
  readonly active: readonly string[]
}

/** Services without profiles are always on, others with one of theirs; `*` is all. Naming a service activates its profiles. */
export function selectByProfile(
  services: MapNode,
  profiles: readonly string[],
  named: readonly string[],
): ProfileSelection {
  const active = new Set(profiles)
  for (const name of named) {
    const service = services.entries.get(name)?.value
    if (service === undefined || isEnabled(service, active)) continue
    for (const { text } of textsAt(service, 'profiles')) active.add(text)
  }
  const enabled = new Map<string, MapEntry>()
  const disabled = new Map<string, MapEntry>()
  for (const [name, entry] of services.entries) (isEnabled(entry.value, active) ? enabled : disabled).set(name, entry)
  return { enabled: mapNode(enabled, services.mark), disabled: mapNode(disabled, services.mark), active: [...active] }
}

/** The named services and all that they depend on, directly or not. Names that do not exist are left to the caller. */
export function neededBy(named: readonly string[], services: MapNode): MapNode {
  const needed = new Map<string, MapEntry>()
  const waiting = [...named]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const entry = services.entries.get(name)
    if (entry === undefined || needed.has(name)) continue
    needed.set(name, entry)
    const dependencies = valueAt(entry.value, 'depends_on')
    if (dependencies?.kind === 'map') waiting.push(...dependencies.entries.keys())
  }
  return mapNode(needed, services.mark)
}

function isEnabled(service: MapEntry['value'], active: ReadonlySet<string>): boolean {
  const own = textsAt(service, 'profiles')
  return own.length === 0 || active.has('*') || own.some(({ text }) => active.has(text))
}

/** Every profile that a service names, sorted. */
export function profileNames(services: MapNode): readonly string[] {
  const names = [...services.entries.values()].flatMap(({ value }) =>
    textsAt(value, 'profiles').map(({ text }) => text),
  )
  return [...new Set(names)].sort()
}
