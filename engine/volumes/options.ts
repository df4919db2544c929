import { isAbsolute } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** What the local driver's options make of a volume. */
export type VolumeBacking =
  /** The volume's own directory. */
  | { readonly kind: 'directory' }
  /** `type=none, o=bind, device=/path`: a directory of the host under the volume's name. */
  | { readonly kind: 'bind'; readonly device: string; readonly isReadOnly: boolean }

const known = ['type', 'o', 'device']

/** Options of the local driver (`type`, `o`, `device`); anything but a bind needs a mount of its own and is refused. */
export function parseDriverOptions(options: Readonly<Record<string, string>>): VolumeBacking {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new BerthError('INVALID_ARGUMENT', `invalid option: "${name}"`)
  }
  const { type = '', device = '' } = options
  const words = (options['o'] ?? '').split(',').filter(word => word !== '')
  if (Object.keys(options).length === 0) return { kind: 'directory' }
  const isBind = words.includes('bind') || words.includes('rbind')
  if (isBind && (type === 'none' || type === '' || type === 'bind')) {
    if (!isAbsolute(device)) {
      throw new BerthError(
        'INVALID_ARGUMENT',
        `missing device in volume options: expected an absolute path, found "${device}"`,
      )
    }
    return { kind: 'bind', device, isReadOnly: words.includes('ro') }
  }
  throw new BerthError('NOT_IMPLEMENTED', `the local volume driver mounts directories only, not type=${type}`, {
    hint: 'use o=bind with a device, or a tmpfs mount of the container',
  })
}
