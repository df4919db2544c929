import { BerthError } from '../../schemas/errors.ts'
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

/** The platform that containers run on here, in OCI's words. */
export const hostPlatform: Platform = { os: 'linux', architecture: architectures[process.arch] ?? process.arch }

/**
 * Picks the image for `platform` among the manifests of an index; one without a platform fits any. Attestations (`unknown/unknown`) are no images.
 * The variant decides between otherwise equal ones.
 */
export function selectPlatform(manifests: readonly Descriptor[], platform: Platform): Descriptor | undefined {
  const fitting = manifests.filter(({ platform: offered }) => {
    if (offered === undefined || offered === null) return true
    return offered.os === platform.os && offered.architecture === platform.architecture
  })
  return fitting.find(({ platform: offered }) => offered?.variant === platform.variant) ?? fitting[0]
}

/** `linux/arm64/v8`, or undefined for no wish. Throws INVALID_ARGUMENT. */
export function parsePlatform(text: string): Platform | undefined {
  if (text === '') return undefined
  const [os, architecture, variant, ...more] = text.split('/')
  if (os === undefined || architecture === undefined || more.length > 0 || !/^[a-z0-9/._-]+$/i.test(text)) {
    throw new BerthError('INVALID_ARGUMENT', `"${text}" is an invalid platform: expected os/architecture[/variant]`)
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) }
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')
}
