import type { Service } from '../model/project.ts'
import type { PlannedFile } from './plan.ts'

/** Secrets and configs that go into a container of the service. */
export function plannedFiles(service: Service): readonly PlannedFile[] {
  const planned = (kind: PlannedFile['kind'], files: Service['secrets']): readonly PlannedFile[] =>
    files.map(({ source, target, uid, gid, mode }) => ({ kind, source, path: target, uid, gid, mode }))
  return [...planned('secret', service.secrets), ...planned('config', service.configs)]
}
