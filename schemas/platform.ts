/** What an image is made for, in OCI's words: `linux`, `arm`, `v7`. */
export interface PlatformName {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | undefined
}

/** What people and tools also call an architecture. */
const synonyms: Readonly<Record<string, Pick<PlatformName, 'architecture' | 'variant'>>> = {
  i386: { architecture: '386' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
}

/** One spelling for each platform, as containerd's platforms.Normalize: the default variants of amd64 and arm64 are left out, arm has one. */
export function normalisePlatform({
  os,
  architecture: raw,
  variant: given,
}: PlatformName): PlatformName & { readonly variant?: string } {
  const lower = raw.toLowerCase()
  const { architecture, variant: implied } = synonyms[lower] ?? { architecture: lower }
  const text = (given ?? '').toLowerCase()
  const variant = implied ?? (/^\d/.test(text) ? `v${text}` : text)
  const isDefault = (architecture === 'amd64' && variant === 'v1') || (architecture === 'arm64' && variant === 'v8')
  const shown = architecture === 'arm' && variant === '' ? 'v7' : isDefault ? '' : variant
  return { os: os.toLowerCase(), architecture, ...(shown === '' ? {} : { variant: shown }) }
}

export function formatPlatform({ os, architecture, variant }: PlatformName): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')
}
