import type { Project, Service } from '../model/project.ts'
import { buildInput, builtBefore, imageOf } from './builds.ts'
import { key } from './keys.ts'
import type { ImageBuildOp } from './plan.ts'

/** One op for each service; those that start from another's image wait for it. */
export function buildOps(
  project: Project,
  services: readonly Service[],
  why: string | ((service: Service) => string),
): ImageBuildOp[] {
  const built = new Set(services.map(({ name }) => name))
  return services.map(service => ({
    kind: 'image.build',
    key: key.build(imageOf(project, service)),
    needs: builtBefore(service).flatMap(name => {
      const base = project.services[name]
      return base !== undefined && built.has(name) ? [key.build(imageOf(project, base))] : []
    }),
    after: [],
    sign: '+',
    why: [{ text: typeof why === 'string' ? why : why(service) }],
    reference: imageOf(project, service),
    service: service.name,
    input: buildInput(project, service),
  }))
}
