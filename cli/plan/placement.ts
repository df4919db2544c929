import type { Service } from '../model/project.ts'
import type { ObservedHost } from '../observe/observed.ts'

/**
 * What `deploy.placement` says of this host that is not so. There is no other host to go to, and Compose has never read these fields, so the
 * service runs here all the same, and is told.
 */
export function placementWarnings(services: readonly Service[], host: ObservedHost | undefined): readonly string[] {
  if (host === undefined) return []
  return services.flatMap(({ name, placement, scale }) => {
    const unmet = (placement?.constraints ?? []).flatMap(constraint => unmetText(constraint, host) ?? [])
    const { maxReplicas = 0 } = placement ?? {}
    const tooMany =
      maxReplicas > 0 && scale > maxReplicas ? [`${scale} containers, max_replicas_per_node is ${maxReplicas}`] : []
    return [...unmet, ...tooMany].map(
      text => `service ${name} runs on this host all the same, there is no other: ${text}`,
    )
  })
}

/** undefined = holds here. Swarm's grammar: `node.hostname == a`, `node.labels.zone != b`. */
function unmetText(constraint: string, host: ObservedHost): string | undefined {
  const match = /^\s*([\w.\-/]+)\s*(==|!=)\s*(.+?)\s*$/.exec(constraint)
  if (match === null) return `cannot read the constraint "${constraint}"`
  const [, key = '', operator, wanted = ''] = match
  const actual = factOf(key, host)
  const isEqual = actual !== undefined && sameFact(key, actual, wanted)
  if (isEqual === (operator === '==')) return undefined
  return `${key} ${operator} ${wanted} does not hold (it is ${actual ?? 'not set'})`
}

function factOf(key: string, host: ObservedHost): string | undefined {
  switch (key) {
    case 'node.hostname':
      return host.hostname
    case 'node.id':
      return host.id
    case 'node.role':
      return 'manager'
    case 'node.platform.os':
      return host.os
    case 'node.platform.arch':
      return host.architecture
    default:
      return host.labels[key.replace(/^(node|engine)\.labels\./, '')]
  }
}

const architectures: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' }

function sameFact(key: string, actual: string, wanted: string): boolean {
  const plain = (value: string): string =>
    key === 'node.platform.arch' ? (architectures[value.toLowerCase()] ?? value.toLowerCase()) : value.toLowerCase()
  return plain(actual) === plain(wanted)
}
