import { type Filters, matchesAny } from '../http/filters.ts'
import type { EngineEvent } from './bus.ts'

/** dockerd's rules: values of one filter are alternatives, filters add up; a name may be the beginning of an id or of a name. */
export function matchesEvent(event: EngineEvent, filters: Filters): boolean {
  if (filters.size === 0) return true
  const { Attributes: attributes } = event.Actor
  return (
    matchesAny(filters, 'event', value => event.Action === value || event.Action.startsWith(`${value}:`)) &&
    matchesAny(filters, 'type', value => event.Type === value) &&
    matchesAny(filters, 'scope', value => event.scope === value) &&
    (filters.get('label') ?? []).every(wanted => hasLabel(attributes, wanted)) &&
    matchesAny(filters, 'container', value => isActor(event, 'container', value)) &&
    matchesAny(filters, 'network', value => isActor(event, 'network', value)) &&
    matchesAny(filters, 'volume', value => isActor(event, 'volume', value)) &&
    matchesAny(filters, 'image', value => isImageOf(event, value)) &&
    matchesAny(filters, 'daemon', value => isActor(event, 'daemon', value))
  )
}

function hasLabel(attributes: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=')
  if (at === -1) return Object.hasOwn(attributes, wanted)
  return attributes[wanted.slice(0, at)] === wanted.slice(at + 1)
}

const isActor = (event: EngineEvent, type: EngineEvent['Type'], value: string): boolean =>
  event.Type === type &&
  (event.Actor.ID.startsWith(value) || event.Actor.Attributes['name']?.startsWith(value) === true)

/** An image's own events, by id or name, and those of its containers; a tag may be left out. */
function isImageOf(event: EngineEvent, value: string): boolean {
  const name = event.Actor.Attributes[event.Type === 'image' ? 'name' : 'image'] ?? ''
  return isActor(event, 'image', value) || name === value || name.replace(/:[^/:]*$/, '') === value
}
