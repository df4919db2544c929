import { BerthError } from '../../schemas/errors.ts'
import { formatPlatform, normalisePlatform } from '../../schemas/platform.ts'
import type { Descriptor, Platform } from './oci.ts'

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  riscv64: 'riscv64',
  ppc64: 'ppc64le',
  s390x: 's390x',
}

/** The platform that containers run on here, in OCI's words; without the CPU's variant, which nothing that is made here depends on. */
export const hostPlatform: Platform = { os: 'linux', architecture: architectures[process.arch] ?? process.arch }

const known = {
  os: ['linux', 'windows', 'darwin', 'freebsd', 'netbsd', 'openbsd', 'solaris', 'plan9', 'wasi'],
  architecture: [
    ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le', 'ppc64', 'ppc64le'],
    ...['riscv64', 's390x', 'wasm'],
  ],
}

/** What runs on `platform`, the best first, as containerd's platforms.Only has it: an arm/v7 runs arm/v6, an amd64/v3 runs v2, v1 and 386. */
export function platformsRunBy(platform: Platform): readonly Platform[] {
  const normal = normalisePlatform(platform)
  const { os, architecture, variant } = normal
  const level = Number(variant?.replace(/^v/, '') ?? '')
  const armDownFrom = (highest: number): Platform[] =>
    [8, 7, 6, 5].filter(each => each <= highest).map(each => ({ os, architecture: 'arm', variant: `v${each}` }))
  switch (architecture) {
    case 'amd64': {
      const below = [4, 3, 2, 1].filter(each => each < level)
      const lower = below.map(each => normalisePlatform({ os, architecture, variant: `v${each}` }))
      return [normal, ...lower, { os, architecture: '386' }]
    }
    case 'arm':
      return [normal, ...armDownFrom(level - 1)]
    case 'arm64':
      return [normal, ...(variant === undefined ? [] : [{ os, architecture }]), ...armDownFrom(8)]
    default:
      return [normal]
  }
}

/**
 * Picks the image for the first of `platforms` that the index has one for, then one that names no platform at all. Attestations (`unknown/unknown`)
 * and artifacts are no images.
 */
export function selectPlatform(
  manifests: readonly Descriptor[],
  platforms: readonly Platform[],
): Descriptor | undefined {
  const offered = manifests.map(descriptor => ({
    descriptor,
    key: descriptor.platform ? formatPlatform(normalisePlatform(descriptor.platform)) : undefined,
  }))
  for (const wanted of platforms.map(formatPlatform)) {
    const found = offered.find(({ key }) => key === wanted)
    if (found !== undefined) return found.descriptor
  }
  const anonymous = manifests.filter(({ platform }) => !platform)
  return anonymous.find(({ artifactType }) => artifactType === undefined) ?? anonymous[0]
}

/** `linux/arm64/v8`, or one part of it alone; undefined for no wish. Throws INVALID_ARGUMENT. */
export function parsePlatform(text: string): Platform | undefined {
  if (text === '') return undefined
  const [first = '', second, variant, ...more] = text.split('/')
  if (more.length > 0)
    throw new BerthError('INVALID_ARGUMENT', `"${text}": cannot parse platform specifier: invalid argument`)
  if (!/^[a-z0-9/._-]+$/i.test(text)) {
    throw new BerthError('INVALID_ARGUMENT', `"${text}" is an invalid platform: expected os/architecture[/variant]`)
  }
  if (second !== undefined) {
    return normalisePlatform({ os: first, architecture: second, ...(variant === undefined ? {} : { variant }) })
  }
  if (known.os.includes(first.toLowerCase())) return { ...hostPlatform, os: first.toLowerCase() }
  const only = normalisePlatform({ os: hostPlatform.os, architecture: first })
  if (known.architecture.includes(only.architecture)) return only
  throw new BerthError('INVALID_ARGUMENT', `"${text}": unknown operating system or architecture: invalid argument`)
}

/** Throws NOT_FOUND, in dockerd's words, when what an image is for does not run on `wanted`. */
export function requirePlatform(reference: string, { os, architecture, variant }: Platform, wanted: Platform): void {
  const own = normalisePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) })
  const runs = platformsRunBy(wanted).map(formatPlatform)
  if (runs.includes(formatPlatform(own))) return
  throw new BerthError(
    'NOT_FOUND',
    `image with reference ${reference} was found but its platform (${formatPlatform(own)}) does not match the specified platform (${formatPlatform(wanted)})`,
  )
}
