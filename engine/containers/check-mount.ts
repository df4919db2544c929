import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import type { MountSpec } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'

const invalid = (message: string): BerthError => new BerthError('INVALID_ARGUMENT', message)

export const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']

/** Options of other kinds of mount, which a mount must not have. */
const foreignOptions = {
  bind: ['VolumeOptions', 'ImageOptions', 'TmpfsOptions'],
  volume: ['BindOptions', 'ImageOptions', 'TmpfsOptions'],
  tmpfs: ['BindOptions', 'VolumeOptions', 'ImageOptions'],
  image: ['BindOptions', 'VolumeOptions', 'TmpfsOptions'],
} as const

/** One of HostConfig.Mounts, in dockerd's words (moby volume/mounts/linux_parser.go). A bind makes no source unless told: a missing one is told now. */
export function checkMount(mount: MountSpec): void {
  const { Type: kind = '', Source: source = '', Target: target = '' } = mount
  const refuse = (why: string): BerthError => invalid(`invalid mount config for type "${kind}": ${why}`)
  if (target === '') throw refuse('field Target must not be empty')
  if (!isMountType(kind)) throw refuse('mount type unknown')
  for (const options of foreignOptions[kind])
    if (mount[options] !== undefined) throw invalid(`${options} must not be specified on mount type "${kind}"`)
  checkTarget(target, refuse)
  if ((kind === 'bind' || kind === 'image') && source === '') throw refuse('field Source must not be empty')
  switch (kind) {
    case 'bind':
      checkBind(mount, source, refuse)
      break
    case 'volume':
      if (mount.VolumeOptions?.Subpath && source === '')
        throw refuse('must not set Subpath when using anonymous volumes')
      checkSubpath(mount.VolumeOptions?.Subpath, refuse)
      break
    case 'image':
      checkSubpath(mount.ImageOptions?.Subpath, refuse)
      break
    case 'tmpfs':
      if (source !== '') throw refuse('field Source must not be specified')
      checkTmpfs(mount, refuse)
      break
    default:
      kind satisfies never
  }
}

const isMountType = (type: string): type is keyof typeof foreignOptions => Object.hasOwn(foreignOptions, type)

function checkTarget(target: string, refuse: (why: string) => BerthError): void {
  if (posix.normalize(target) === '/') throw refuse("invalid specification: destination can't be '/'")
  if (!target.startsWith('/')) throw refuse(`invalid mount path: '${target}' mount path must be absolute`)
}

function checkBind({ BindOptions, ReadOnly }: MountSpec, source: string, refuse: (why: string) => BerthError): void {
  const { Propagation = '' } = BindOptions ?? {}
  if (Propagation !== '' && !propagations.includes(Propagation))
    throw refuse(`invalid propagation mode: ${Propagation}`)
  if (BindOptions?.ReadOnlyForceRecursive === true) {
    if (ReadOnly !== true) throw refuse('BindOptions.ReadOnlyForceRecursive: mode must be read-only')
    if (BindOptions.ReadOnlyNonRecursive === true)
      throw refuse('BindOptions.ReadOnlyForceRecursive and BindOptions.ReadOnlyNonRecursive exclude each other')
  }
  if (!source.startsWith('/')) throw refuse(`invalid mount path: '${source}' mount path must be absolute`)
  if (BindOptions?.CreateMountpoint !== true && !existsSync(source))
    throw refuse(`bind source path does not exist: ${source}`)
}

function checkSubpath(subpath: string | undefined, refuse: (why: string) => BerthError): void {
  if (!subpath) return
  const path = posix.normalize(subpath)
  if (path.startsWith('/') || path === '..' || path.startsWith('../'))
    throw refuse('subpath must be a relative path within the volume')
}

/** Words that need no value, and those with one. */
const tmpfsWords = ['exec', 'noexec', 'suid', 'nosuid', 'dev', 'nodev', 'atime', 'noatime', 'diratime', 'nodiratime']
  .concat(['relatime', 'norelatime', 'strictatime', 'sync', 'async', 'dirsync', 'ro', 'rw', 'private', 'rprivate'])
  .concat(['shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'])
const tmpfsValues = ['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol', 'huge']

function checkTmpfs({ TmpfsOptions }: MountSpec, refuse: (why: string) => BerthError): void {
  for (const [name = '', ...value] of TmpfsOptions?.Options ?? []) {
    if (!(value.length === 0 ? tmpfsWords : tmpfsValues).includes(name)) throw refuse(`invalid option: ${name}`)
    if (value.length > 1 || value.some(text => text.includes(',')))
      throw refuse(`invalid option array length: ${value.length + 1}`)
  }
}
