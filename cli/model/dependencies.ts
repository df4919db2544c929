import { attributes } from './attributes.ts'
import type { Dependency, DependencyCondition } from './project.ts'

const conditions: ReadonlySet<string> = new Set([
  'service_started',
  'service_healthy',
  'service_completed_successfully',
])

/** `depends_on`, with what links and shared namespaces imply; in the order of names. */
export function dependencies(value: unknown): readonly Dependency[] {
  return Object.entries(attributes(value)).map(([service, each]) => {
    const { condition, restart, required } = attributes(each)
    return {
      service,
      condition: conditions.has(String(condition)) ? (condition as DependencyCondition) : 'service_started',
      restart: restart === true,
      required: required !== false,
    }
  })
}
