import type { Service } from '../model/project.ts'
import { serviceDependencies } from './service-graph.ts'

/** What a picture says at the boxes and arrows of a graph. */
export interface GraphLabels<Node> {
  /** Lines of a box, the name first. */
  readonly ofNode: (key: string, node: Node) => readonly string[]
  /** '' = a plain arrow. */
  readonly ofEdge: (key: string, need: string) => string
}

const conditionText = {
  service_started: '',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const

/** Image and replicas in the boxes, the condition at the arrows. */
export function serviceLabels(services: Readonly<Record<string, Service>>): GraphLabels<Service> {
  return {
    ofNode: (key, service) => [
      service.scale === 1 ? key : `${key} ×${service.scale}`,
      ...(service.image === undefined ? (service.build === undefined ? [] : ['(built)']) : [service.image.text]),
      ...service.ports
        .filter(port => port.published !== '')
        .map(port => `${port.published}→${port.target}${port.protocol === 'tcp' ? '' : `/${port.protocol}`}`),
    ],
    ofEdge: (key, need) => {
      const service = services[key]
      const dependency = service && serviceDependencies(service).find(candidate => candidate.service === need)
      if (dependency === undefined) return ''
      if (dependency.shares !== undefined) return `shares ${dependency.shares}`
      return [conditionText[dependency.condition], dependency.required ? '' : 'optional']
        .filter(text => text !== '')
        .join(', ')
    },
  }
}
