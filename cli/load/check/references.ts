import { mentions, type ResourceSection, resourceSections, sourcesAt } from '../complete/resources.ts'
import type { Problems } from '../problems.ts'
import { didYouMean } from '../validate/nearest-name.ts'
import { type MapNode, type Mark, type Node, scalarText, stringAt, valueAt } from '../yaml/node.ts'
import { type Path, pathOf } from '../yaml/path.ts'

const singular: Readonly<Record<ResourceSection, string>> = {
  networks: 'network',
  volumes: 'volume',
  secrets: 'secret',
  configs: 'config',
  models: 'model',
}

export interface ReferenceScope {
  readonly stack: MapNode
  readonly enabled: MapNode
  readonly disabled: MapNode
  readonly problems: Problems
}

/** Everything that a service names must exist: other services, networks, volumes, secrets, configs, models. */
export function checkReferences(name: string, service: Node, scope: ReferenceScope): void {
  for (const section of resourceSections) {
    const known = keysAt(scope.stack, section)
    for (const { key, node } of mentions(service, section)) {
      if (known.has(key) || (section === 'networks' && key === 'default')) continue
      if (section === 'volumes' && isCluster(service, key)) continue
      undefinedResource(section, key, known, pathOf('services', name, section), node.mark, scope.problems)
    }
  }
  const secrets = keysAt(scope.stack, 'secrets')
  for (const { key, node } of sourcesAt(valueAt(service, 'build'), 'secrets')) {
    if (!secrets.has(key)) {
      undefinedResource(
        'secrets',
        key,
        secrets,
        pathOf('services', name, 'build', 'secrets'),
        node.mark,
        scope.problems,
      )
    }
  }
  checkDependencies(name, service, scope)
  checkBuildContexts(name, service, scope)
}

function checkDependencies(name: string, service: Node, { enabled, disabled, problems }: ReferenceScope): void {
  const dependencies = valueAt(service, 'depends_on')
  if (dependencies?.kind !== 'map') return
  for (const [dependency, { mark, value }] of dependencies.entries) {
    if (enabled.entries.has(dependency)) continue
    const required = valueAt(value, 'required')
    const isOptional = required?.kind === 'scalar' && required.value === false
    const off = disabled.entries.get(dependency)
    if (off !== undefined && isOptional) continue
    const path = pathOf('services', name, 'depends_on', dependency)
    if (off === undefined) {
      problems.error({
        code: 'undefined-service',
        message: `${JSON.stringify(name)} depends on the service ${JSON.stringify(dependency)}, which does not exist`,
        path,
        mark,
        hint: didYouMean(dependency, [...enabled.entries.keys(), ...disabled.entries.keys()]),
      })
    } else {
      const profiles = valueAt(off.value, 'profiles')
      const names = profiles?.kind === 'list' ? profiles.items.map(textOf).join(', ') : ''
      problems.error({
        code: 'inactive-service',
        message: `${JSON.stringify(name)} depends on the service ${JSON.stringify(dependency)}, whose profile is not active (${names})`,
        path,
        mark,
        hint: `add --profile ${names.split(', ')[0]}, or write required: false`,
      })
    }
  }
}

function checkBuildContexts(name: string, service: Node, { enabled, problems }: ReferenceScope): void {
  const contexts = valueAt(valueAt(service, 'build'), 'additional_contexts')
  if (contexts?.kind !== 'map') return
  for (const [key, { mark, value }] of contexts.entries) {
    const text = textOf(value)
    const other = text.startsWith('service:') ? text.slice('service:'.length) : undefined
    if (other === undefined || enabled.entries.has(other)) continue
    problems.error({
      code: 'undefined-service',
      message: `the build context ${JSON.stringify(key)} is the service ${JSON.stringify(other)}, which does not exist`,
      path: pathOf('services', name, 'build', 'additional_contexts', key),
      mark,
      hint: didYouMean(other, enabled.entries.keys()),
    })
  }
}

function undefinedResource(
  section: ResourceSection,
  key: string,
  known: ReadonlySet<string>,
  path: Path | undefined,
  mark: Mark | undefined,
  problems: Problems,
): void {
  const near = didYouMean(key, known)
  problems.error({
    code: `undefined-${singular[section]}`,
    message: `the ${singular[section]} ${JSON.stringify(key)} is not declared`,
    path,
    mark,
    hint: near ?? `declare it at the top level: ${section}: {${key}: {}}`,
  })
}

function isCluster(service: Node, key: string): boolean {
  return sourcesAt(service, 'volumes').every(mount => mount.key !== key || mount.type === 'cluster')
}

function keysAt(stack: Node, section: string): ReadonlySet<string> {
  const map = valueAt(stack, section)
  return new Set(map?.kind === 'map' ? map.entries.keys() : [])
}

function textOf(node: Node): string {
  return node.kind === 'scalar' ? scalarText(node.value) : (stringAt(node, 'source') ?? '')
}
