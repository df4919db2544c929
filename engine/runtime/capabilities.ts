import { BerthError } from '../../schemas/errors.ts'

/** What a container has unless told otherwise (moby oci/caps/defaults.go, Docker 28): CapEff a80425fb. */
export const defaultCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
]

const knownCapabilities: ReadonlySet<string> = new Set([
  ...defaultCapabilities,
  ...[
    'DAC_READ_SEARCH',
    'LINUX_IMMUTABLE',
    'NET_BROADCAST',
    'NET_ADMIN',
    'IPC_LOCK',
    'IPC_OWNER',
    'SYS_MODULE',
    'SYS_RAWIO',
  ].map(withPrefix),
  ...[
    'SYS_PTRACE',
    'SYS_PACCT',
    'SYS_ADMIN',
    'SYS_BOOT',
    'SYS_NICE',
    'SYS_RESOURCE',
    'SYS_TIME',
    'SYS_TTY_CONFIG',
    'LEASE',
  ].map(withPrefix),
  ...[
    'AUDIT_CONTROL',
    'MAC_OVERRIDE',
    'MAC_ADMIN',
    'SYSLOG',
    'WAKE_ALARM',
    'BLOCK_SUSPEND',
    'AUDIT_READ',
    'PERFMON',
    'BPF',
  ].map(withPrefix),
  withPrefix('CHECKPOINT_RESTORE'),
])

/**
 * The set of a container: the defaults, plus `add`, minus `drop`; `ALL` in either as Docker reads it. `available` is what this host can hand on:
 * `ALL` and privileged mean all of these. Throws INVALID_ARGUMENT for a name that no kernel knows.
 */
export function containerCapabilities(options: {
  readonly add: readonly string[]
  readonly drop: readonly string[]
  readonly isPrivileged: boolean
  readonly available: readonly string[]
}): readonly string[] {
  const add = capabilityNames('CapAdd', options.add)
  const drop = capabilityNames('CapDrop', options.drop)
  if (options.isPrivileged) return options.available
  const isAll = add.includes('ALL')
  const dropsAll = drop.includes('ALL')
  let base: readonly string[] = defaultCapabilities
  if (isAll) base = options.available
  else if (dropsAll) base = []
  const set = new Set([...base, ...add.filter(name => name !== 'ALL')])
  for (const name of drop) set.delete(name)
  return [...set]
}

function withPrefix(name: string): string {
  return `CAP_${name}`
}

/** Sorted and in one spelling: `net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` are the same; `ALL` makes all others needless. */
function capabilityNames(member: 'CapAdd' | 'CapDrop', texts: readonly string[]): string[] {
  const names = texts.map(text => {
    const upper = text.toUpperCase()
    const name = upper === 'ALL' || upper.startsWith('CAP_') ? upper : withPrefix(upper)
    if (name === 'ALL' || name === 'CAP_ALL' || knownCapabilities.has(name)) return name === 'CAP_ALL' ? 'ALL' : name
    throw new BerthError('INVALID_ARGUMENT', `invalid ${member}: unknown capability: "${name}"`)
  })
  return names.includes('ALL') ? ['ALL'] : [...new Set(names)].sort()
}
