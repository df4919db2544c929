import { posix } from 'node:path'
import type { PathStat } from '../../schemas/api/containers.ts'
import type { PathStatus } from '../../schemas/runtime/layer.ts'

/** A path of the archive calls, taken apart as dockerd does (moby daemon/archive.go). */
export interface ArchivePath {
  /** Absolute and clean. */
  readonly path: string
  /** It ended with `/` or `/.`: a link as last component is followed. */
  readonly follows: boolean
  /** What a tar calls it: the last component, `.` for `/x/.`, `/` for the root. */
  readonly name: string
}

export function parseArchivePath(text: string): ArchivePath {
  const path = posix.normalize(`/${text}`).replace(/(?<=.)\/$/, '')
  const hasDot = /(?:^|\/)\.$/.test(text)
  const follows = hasDot || text.endsWith('/')
  return { path, follows, name: hasDot ? '.' : path === '/' ? '/' : posix.basename(path) }
}

/** The header X-Docker-Container-Path-Stat. */
export function toPathStat(name: string, status: PathStatus): PathStat {
  return {
    name,
    size: status.size,
    mode: toGoMode(status.mode),
    mtime: toRfc3339(status),
    linkTarget: status.target,
  }
}

const typeMask = 0o170000
/** st_mode's types as bits of Go's os.FileMode. */
const goTypes: Readonly<Record<number, number>> = {
  [0o040000]: 2 ** 31,
  [0o120000]: 2 ** 27,
  [0o060000]: 2 ** 26,
  [0o020000]: 2 ** 26 + 2 ** 21,
  [0o010000]: 2 ** 25,
  [0o140000]: 2 ** 24,
}

/** st_mode -> os.FileMode. */
export function toGoMode(mode: number): number {
  const setuid = mode & 0o4000 ? 2 ** 23 : 0
  const setgid = mode & 0o2000 ? 2 ** 22 : 0
  const sticky = mode & 0o1000 ? 2 ** 20 : 0
  return (mode & 0o777) + setuid + setgid + sticky + (goTypes[mode & typeMask] ?? 0)
}

/** Go leaves zeros at the end of the fraction away. */
function toRfc3339({ modifiedSeconds, modifiedNanoseconds }: PathStatus): string {
  const whole = new Date(modifiedSeconds * 1000).toISOString().slice(0, 19)
  const fraction = String(modifiedNanoseconds).padStart(9, '0').replace(/0+$/, '')
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`
}
