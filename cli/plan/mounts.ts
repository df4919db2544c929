import type { MountSpec } from '../../schemas/api/host-config.ts'
import type { Mount, Project, Service } from '../model/project.ts'

/**
 * A service's mounts in the engine's two notations, as Compose divides them: `Binds` for plain binds (the engine makes a missing host folder)
 * and volumes, `Mounts` for all that a bind string cannot say.
 */
export function bindsAndMounts(
  project: Project,
  service: Service,
  inheritedVolumes: Readonly<Record<string, string>>,
): { readonly binds: readonly string[]; readonly mounts: readonly MountSpec[] } {
  const binds: string[] = []
  const mounts: MountSpec[] = []
  for (const mount of service.mounts) {
    if (mount.type === 'volume' && mount.source === undefined) continue
    const bind = bindText(project, mount)
    if (bind === undefined) mounts.push(mountOf(project, mount))
    else binds.push(bind)
  }
  for (const [target, volume] of Object.entries(inheritedVolumes)) binds.push(`${volume}:${target}:rw`)
  return { binds, mounts }
}

/** undefined = it needs the long notation. */
function bindText(project: Project, mount: Mount): string | undefined {
  const source = sourceName(project, mount)
  if (source === undefined || source.includes(':') || mount.target.includes(':')) return undefined
  const options = [mount.readOnly ? 'ro' : 'rw']
  if (mount.type === 'bind') {
    // Only a bind string can say it.
    if (mount.bind?.idmap === true) return `${source}:${mount.target}:${[...options, 'idmap'].join(',')}`
    if (mount.bind?.createHostPath !== true || mount.bind.recursive !== undefined) return undefined
    if (mount.bind.selinux !== undefined) options.push(mount.bind.selinux)
    if (mount.bind.propagation !== undefined) options.push(mount.bind.propagation)
  } else if (mount.type === 'volume') {
    if (mount.volume?.subpath !== undefined || mount.volume?.labels !== undefined) return undefined
    if (mount.volume?.nocopy === true) options.push('nocopy')
  } else {
    return undefined
  }
  return `${source}:${mount.target}:${options.join(',')}`
}

function mountOf(project: Project, mount: Mount): MountSpec {
  const source = sourceName(project, mount)
  const base: MountSpec = {
    Type: mount.type,
    Target: mount.target,
    ...(source !== undefined && { Source: source }),
    ...(mount.readOnly && { ReadOnly: true }),
  }
  switch (mount.type) {
    case 'bind':
      return { ...base, BindOptions: bindOptions(mount.bind) }
    case 'volume': {
      const { nocopy = false, subpath, labels } = mount.volume ?? {}
      return {
        ...base,
        VolumeOptions: {
          ...(nocopy && { NoCopy: true }),
          ...(subpath !== undefined && { Subpath: subpath }),
          ...(labels && { Labels: { ...labels } }),
        },
      }
    }
    case 'tmpfs': {
      const { sizeBytes, mode } = mount.tmpfs ?? {}
      return {
        ...base,
        TmpfsOptions: {
          ...(sizeBytes !== undefined && { SizeBytes: sizeBytes }),
          ...(mode !== undefined && { Mode: mode }),
        },
      }
    }
    case 'image':
      return mount.image?.subpath === undefined ? base : { ...base, ImageOptions: { Subpath: mount.image.subpath } }
    case 'npipe':
    case 'cluster':
      return base
    default:
      return mount.type satisfies never
  }
}

function bindOptions(bind: Mount['bind']): NonNullable<MountSpec['BindOptions']> {
  return {
    ...(bind?.propagation !== undefined && { Propagation: bind.propagation }),
    ...(bind?.createHostPath === true && { CreateMountpoint: true }),
    ...(bind?.recursive === 'disabled' && { NonRecursive: true }),
    ...(bind?.recursive === 'writable' && { ReadOnlyNonRecursive: true }),
    ...(bind?.recursive === 'readonly' && { ReadOnlyForceRecursive: true }),
  }
}

const sourceName = (project: Project, mount: Mount): string | undefined =>
  mount.type === 'volume' && mount.source !== undefined
    ? (project.volumes[mount.source]?.name ?? mount.source)
    : mount.source
