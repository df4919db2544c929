/** A way out of a container (program/: one of its names, with an argument after ":"), what shuts it, and how to run it with that guard off. */
export interface Attack {
  readonly try: string
  readonly guard: string
  /** The container in which the same attempt succeeds, which proves that it is an attempt at all. */
  readonly control: 'privileged' | 'host' | 'default'
  /** The container that must withstand it; the default one unless said. */
  readonly in?: 'no-new-privileges'
}

const call = (name: string, guard = 'seccomp, capabilities'): Attack => ({ try: name, guard, control: 'privileged' })
const file = (name: string, guard: string): Attack => ({ try: name, guard, control: 'privileged' })

/** `@pid` stands for a process of the host that belongs to nobody's container, `@disk` for "major,minor" of a block device of the host. */
export const attacks: readonly Attack[] = [
  ...['mount', 'unshare-mount', 'pivot-root', 'setns', 'open-tree', 'fsopen', 'mount-setattr'].map(it => call(it)),
  ...['bpf', 'perf', 'reboot', 'kexec', 'init-module', 'finit-module', 'delete-module'].map(it => call(it)),
  ...['swapon', 'set-clock', 'syslog', 'quotactl', 'acct', 'file-handle', 'i386-mount', 'x32-mount'].map(it =>
    call(it),
  ),
  ...['unshare-user', 'mount-in-user-namespace', 'clone3', 'keyctl', 'add-key', 'io-uring', 'userfaultfd'].map(it =>
    call(it, 'seccomp'),
  ),
  ...['af-alg', 'af-vsock'].map(it => call(it, 'seccomp, by the address family')),
  ...['sethostname', 'net-admin', 'raise-capability'].map(it => call(it, 'capabilities')),
  file('open-for-writing:/proc/sysrq-trigger', 'read-only path'),
  file('open-for-writing:/proc/sys/kernel/core_pattern', 'read-only path'),
  file('open-for-writing:/proc/sys/kernel/panic', 'read-only path'),
  file('open-for-writing:/proc/irq/default_smp_affinity', 'read-only path'),
  file('open-for-writing:/sys/kernel/mm/transparent_hugepage/enabled', 'read-only mount'),
  file('open-for-writing:/sys/kernel/uevent_helper', 'read-only mount'),
  file('own-limit', 'read-only mount'),
  ...['kcore', 'keys', 'timer_list', 'interrupts'].map(it => file(`read:/proc/${it}`, 'masked path')),
  file('list:/sys/firmware', 'masked path'),
  file('disk:@disk', 'device rules'),
  file('device:1,1', 'device rules (/dev/mem)'),
  file('device:1,11', 'device rules (/dev/kmsg)'),
  file('device:10,237', 'device rules (/dev/loop-control)'),
  ...['debugfs', 'tracefs', 'proc', 'sysfs'].map(it => file(`filesystem:${it}`, 'seccomp, capabilities')),
  { try: 'release-agent', guard: 'seccomp, capabilities', control: 'host' },
  { try: 'signal:@pid', guard: 'pid namespace', control: 'host' },
  { try: 'trace:@pid', guard: 'pid namespace', control: 'host' },
  { try: 'environment:@pid', guard: 'pid namespace', control: 'host' },
  { try: 'setuid-program', guard: 'no-new-privileges', control: 'default', in: 'no-new-privileges' },
]

/** Settings of the containers, as the Engine API takes them. */
export const containers = {
  default: {},
  'no-new-privileges': { SecurityOpt: ['no-new-privileges'] },
  privileged: { Privileged: true },
  host: { Privileged: true, PidMode: 'host', NetworkMode: 'host', CgroupnsMode: 'host' },
} as const

/** Errors that say that a kernel has no such thing: there nothing can be proven, and there is nothing to escape by. */
export const notInThisKernel: ReadonlySet<string> = new Set([
  'ENOSYS',
  'ENOENT',
  'ENODEV',
  'ENXIO',
  'EAFNOSUPPORT',
  'EOPNOTSUPP',
  'killed',
])
