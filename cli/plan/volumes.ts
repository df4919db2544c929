import type { VolumeCreateRequest } from '../../schemas/api/volumes.ts'
import { berthVersion } from '../../schemas/version.ts'
import { label } from '../model/labels.ts'
import type { Project, Service, Volume } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import { key } from './keys.ts'
import type { Op } from './plan.ts'

export interface VolumePlan {
  readonly ops: readonly Op[]
  readonly warnings: readonly string[]
  readonly problems: readonly string[]
}

/** Volumes that the services use: made when missing. One that differs from the file is never made anew, because that would lose its data. */
export function planVolumes(project: Project, observed: Observed, services: readonly Service[]): VolumePlan {
  const ops: Op[] = []
  const warnings: string[] = []
  const problems: string[] = []
  for (const volume of usedVolumes(project, services)) {
    const { name } = volume
    const existing = observed.volumes[name]
    if (existing === undefined && volume.isExternal) {
      problems.push(`external volume "${name}" not found`)
    } else if (existing === undefined) {
      const why = [{ text: 'does not exist' }]
      const body = volumeBody(project, volume)
      ops.push({
        kind: 'volume.create',
        key: key.volume(name, 'create'),
        needs: [],
        after: [],
        sign: '+',
        why,
        name,
        body,
      })
    } else if (!volume.isExternal && existing.labels[label.project] !== project.name) {
      warnings.push(
        `volume ${name} exists and was not made for this project; set "external: true" to use it without this warning`,
      )
    } else if (!volume.isExternal && differs(volume, existing)) {
      warnings.push(
        `volume ${name} differs from the file and is used as it is; remove it first (its data is lost) to have it made anew`,
      )
    }
  }
  return { ops, warnings, problems }
}

function usedVolumes(project: Project, services: readonly Service[]): readonly Volume[] {
  const keys = new Set<string>()
  for (const { mounts } of services)
    for (const { type, source } of mounts) if (type === 'volume' && source !== undefined) keys.add(source)
  return [...keys].sort().flatMap(name => project.volumes[name] ?? [])
}

export function volumeBody(project: Project, volume: Volume): VolumeCreateRequest {
  return {
    Name: volume.name,
    ...(volume.driver !== undefined && { Driver: volume.driver }),
    ...(Object.keys(volume.driverOpts).length > 0 && { DriverOpts: { ...volume.driverOpts } }),
    Labels: {
      ...volume.labels,
      [label.project]: project.name,
      [label.volume]: volume.key,
      [label.configHash]: volume.configHash,
      [label.version]: berthVersion,
    },
  }
}

function differs(volume: Volume, existing: Observed['volumes'][string]): boolean {
  if (existing.driver !== (volume.driver ?? 'local')) return true
  const names = new Set([...Object.keys(volume.driverOpts), ...Object.keys(existing.options)])
  return [...names].some(name => volume.driverOpts[name] !== existing.options[name])
}
