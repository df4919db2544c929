import { attributes, list, number, text, textMap, texts } from './attributes.ts'
import type { FileMount, Mount } from './project.ts'

export function mounts(value: unknown): readonly Mount[] {
  return list(value).map(each => {
    const { type, source, target, read_only: readOnly, bind, volume, tmpfs, image } = attributes(each)
    return {
      type: mountType(type),
      source: text(source),
      target: text(target) ?? '',
      readOnly: readOnly === true,
      ...(bind === undefined ? {} : { bind: bindOptions(bind) }),
      ...(volume === undefined ? {} : { volume: volumeOptions(volume) }),
      ...(tmpfs === undefined ? {} : { tmpfs: tmpfsOptions(tmpfs) }),
      ...(image === undefined ? {} : { image: present({ subpath: text(attributes(image)['subpath']) }) }),
    }
  })
}

function mountType(value: unknown): Mount['type'] {
  switch (value) {
    case 'bind':
    case 'tmpfs':
    case 'image':
    case 'npipe':
    case 'cluster':
      return value
    default:
      return 'volume'
  }
}

function bindOptions(value: unknown): NonNullable<Mount['bind']> {
  const { propagation, create_host_path: createHostPath, selinux, recursive, 'x-idmap': idmap } = attributes(value)
  return {
    createHostPath: createHostPath === true,
    ...present({ propagation: text(propagation), selinux: text(selinux), recursive: text(recursive) }),
    ...(idmap === true ? { idmap: true } : {}),
  }
}

function volumeOptions(value: unknown): NonNullable<Mount['volume']> {
  const { nocopy, subpath, labels } = attributes(value)
  return {
    nocopy: nocopy === true,
    ...present({ subpath: text(subpath), labels: labels === undefined ? undefined : textMap(labels) }),
  }
}

function tmpfsOptions(value: unknown): NonNullable<Mount['tmpfs']> {
  const { size, mode } = attributes(value)
  return present({ sizeBytes: number(size), mode: number(mode) })
}

/** `/run:size=1m` -> `/run`: `size=1m`. */
export function tmpfsMounts(value: unknown): Readonly<Record<string, string>> {
  const result: Record<string, string> = Object.create(null)
  for (const each of [...texts(value)].sort()) {
    const colon = each.indexOf(':')
    result[colon === -1 ? each : each.slice(0, colon)] = colon === -1 ? '' : each.slice(colon + 1)
  }
  return result
}

/** `secrets` and `configs` of a service. Targets are absolute: a bare name lies in `folder`. Owned by root and readable by all, unless it says otherwise. */
export function fileMounts(value: unknown, folder: string): readonly FileMount[] {
  return list(value).map(each => {
    const { source, target, uid, gid, mode } = attributes(each)
    const name = text(source) ?? ''
    const path = text(target) ?? name
    return {
      source: name,
      target: path.startsWith('/') ? path : `${folder}/${path}`,
      uid: number(uid) ?? 0,
      gid: number(gid) ?? 0,
      mode: Number.parseInt(text(mode) ?? '0444', 8),
    }
  })
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>
}
