import { BerthError } from '../../schemas/errors.ts'

/** What the local driver's options make of a volume. */
export type VolumeBacking =
  /** The volume's own directory. */
  | { readonly kind: 'directory' }
  /** Mounted on that directory while a container uses it: `type=tmpfs device=tmpfs o=size=1m`, `type=nfs o=addr=... device=:/path`, `type=none o=bind device=/x`. */
  | { readonly kind: 'mount'; readonly type: string; readonly device: string; readonly options: readonly string[] }

const known = ['type', 'o', 'device']
const required = ['type', 'device']

/** Options of the local driver, in dockerd's words. Whether the kernel takes them shows at the first use. Throws INVALID_ARGUMENT. */
export function parseDriverOptions(options: Readonly<Record<string, string>>): VolumeBacking {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new BerthError('INVALID_ARGUMENT', `invalid option: "${name}"`)
  }
  if (Object.keys(options).length === 0) return { kind: 'directory' }
  for (const name of required.toReversed()) {
    if (!options[name]) throw new BerthError('INVALID_ARGUMENT', `missing required option: "${name}"`)
  }
  const { type = '', device = '', o = '' } = options
  return { kind: 'mount', type, device, options: o.split(',').filter(word => word !== '') }
}
