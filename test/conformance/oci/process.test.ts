import assert from 'node:assert/strict'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Config, onEachRuntime } from './runtimes.ts'

/** Fields of /proc/PID/stat after the name: the third of all is the first of these. */
const statFields = (text: string) => text.slice(text.lastIndexOf(')') + 2).split(' ')

onEachRuntime('process', box => {
  test('rlimits, oomScoreAdj, umask, additional groups, working folder', () => {
    const out = box.output(['sh', '-c', 'ulimit -n; cat /proc/self/oom_score_adj; umask; id -G; pwd'], config => {
      config.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 123, hard: 456 }]
      config.process.oomScoreAdj = 200
      config.process.user = { uid: 0, gid: 0, umask: 0o27, additionalGids: [5, 6] }
      config.process.cwd = '/tmp'
    })
    assert.equal(out, '123\n200\n0027\n0 5 6\n/tmp\n')
  })

  test('a working folder that is not there is made, also in a read-only root', () => {
    const out = box.output(['sh', '-c', 'pwd'], config => {
      config.process.cwd = '/made/for/it'
      config.root.readonly = true
    })
    assert.equal(out, '/made/for/it\n')
  })

  test('capabilities in five sets; unknown names are no error', () => {
    const out = box.output(['grep', '^Cap', '/proc/self/status'], config => {
      config.process.capabilities = {
        bounding: ['CAP_KILL', 'CAP_NET_RAW', 'CAP_OF_THE_FUTURE'],
        permitted: ['CAP_KILL', 'CAP_NET_RAW'],
        inheritable: ['CAP_KILL'],
        effective: ['CAP_KILL'],
        ambient: ['CAP_KILL'],
      }
      config.process.user = { uid: 1000, gid: 1000 }
    })
    const sets = Object.fromEntries(
      out
        .trim()
        .split('\n')
        .map(line => line.split(':\t')),
    )
    assert.equal(sets.CapInh, '0000000000000020')
    assert.equal(sets.CapBnd, '0000000000002020')
    assert.equal(sets.CapAmb, '0000000000000020')
    assert.equal(sets.CapEff, '0000000000000020')
  })

  test('scheduler and ioPriority', () => {
    box.start(['sleep', '1000'], config => {
      config.process.scheduler = { policy: 'SCHED_BATCH', nice: 7 }
      config.process.ioPriority = { class: 'IOPRIO_CLASS_IDLE' }
    })
    const fields = statFields(readFileSync(`/proc/${box.state().pid}/stat`, 'utf8'))
    assert.equal(fields[16], '7', 'nice')
    assert.equal(fields[38], '3', 'SCHED_BATCH')
    box.delete()
    box.bundle(['sleep', '1000'], config => {
      config.process.scheduler = { policy: 'SCHED_NONSENSE' }
    })
    assert.notEqual(box.detached('run', '--detach', '--bundle', box.folder, box.id).status, 0)
  })

  test('personality, of exec too', () => {
    box.start(['sleep', '1000'], config => {
      config.linux.personality = { domain: 'LINUX32' }
    })
    assert.match(readFileSync(`/proc/${box.state().pid}/personality`, 'utf8'), /^0*8\n$/)
    const inside = box.oci('exec', box.id, 'cat', '/proc/self/personality').stdout
    if (box.name !== 'crun') assert.match(inside, /^0*8\n$/)
    box.delete()
  })

  test('a time namespace with offsets, which exec joins', () => {
    const uptime = (text: string) => Number(text.split(' ')[0])
    box.start(['sleep', '1000'], config => {
      config.linux.namespaces.push({ type: 'time' })
      config.linux.timeOffsets = { boottime: { secs: 1_000_000, nanosecs: 0 }, monotonic: { secs: 7, nanosecs: 5 } }
    })
    const offsets = readFileSync(`/proc/${box.state().pid}/timens_offsets`, 'utf8').replace(/ +/g, ' ')
    assert.match(offsets, /monotonic 7 5\nboottime 1000000 0/)
    const own = uptime(readFileSync('/proc/uptime', 'utf8'))
    const inside = uptime(box.oci('exec', box.id, 'cat', '/proc/uptime').stdout)
    assert.ok(inside - own > 999_000, `${own} ${inside}`)
    box.delete()
  })

  test('execCPUAffinity: where an exec ends up', () => {
    box.start(['sleep', '1000'], config => {
      config.process.execCPUAffinity = { initial: '0', final: '1' }
    })
    const print = (...argv: readonly string[]) =>
      box.oci('exec', ...argv, 'grep', '^Cpus_allowed_list', '/proc/self/status').stdout
    if (box.name !== 'crun') assert.match(print(box.id), /:\t1\n/) // crun heeds it in a process of its own alone
    const file = join(box.folder, 'process.json')
    const process = {
      user: { uid: 0, gid: 0 },
      args: ['grep', '^Cpus_allowed_list', '/proc/self/status'],
      env: ['PATH=/bin'],
      cwd: '/',
    }
    writeFileSync(file, JSON.stringify({ ...process, execCPUAffinity: { final: '0' } }))
    assert.match(box.oci('exec', '--process', file, box.id).stdout, /:\t0\n/)
    box.delete()
  })

  test('signals are neither blocked nor ignored, whatever the caller does with its own', () => {
    const script = 'trap \'\' USR1 PIPE; exec "$@"'
    box.bundle(['grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'])
    const out = box.shell(script, box.argv('run', '--bundle', box.folder, box.id))
    assert.match(out, /SigBlk:\t0000000000000000/)
    if (box.name === 'berth') assert.match(out, /SigIgn:\t0000000000000000/)
  })

  // runc gives pipes of its own; crun 1.28 works with whatever it opened there.
  const skip = box.name !== 'berth'
  test('what the caller closed of its stdio is the null device, and nothing that the runtime has open', {
    skip,
  }, () => {
    const closed = (script: string, ...argv: readonly string[]) =>
      box
        .shell(script, box.argv(...argv))
        .split('\n')
        .filter(line => / [02] ->/.test(line))
        .map(line => line.replace(/.* (\d -> )/, '$1'))
    const nulls = ['0 -> /dev/null', '2 -> /dev/null']
    box.bundle(['ls', '-l', '/proc/self/fd'])
    assert.deepEqual(closed('"$@" 0<&- 2>&-', 'run', '--bundle', box.folder, box.id), nulls)
    box.start(['sleep', '1000'])
    assert.deepEqual(closed('"$@" 0<&- 2>&-', 'exec', box.id, 'ls', '-l', '/proc/self/fd'), nulls)
    box.delete()
  })

  test('namespaces joined by path are those of the other process', () => {
    box.start(['sleep', '1000'])
    const { pid } = box.state()
    const other = `${box.id}-2`
    const shared = ['ipc', 'uts', 'network', 'pid'] as const
    const files = { ipc: 'ipc', uts: 'uts', network: 'net', pid: 'pid' }
    box.bundle(['sleep', '1000'], config => {
      config.linux.namespaces = [
        { type: 'mount' },
        ...shared.map(type => ({ type, path: `/proc/${pid}/ns/${files[type]}` })),
      ]
      config.linux.cgroupsPath = `/${other}`
    })
    assert.equal(box.detached('run', '--detach', '--bundle', box.folder, other).status, 0)
    const second = JSON.parse(box.oci('state', other).stdout).pid
    for (const type of shared)
      assert.equal(readlinkSync(`/proc/${second}/ns/${files[type]}`), readlinkSync(`/proc/${pid}/ns/${files[type]}`))
    assert.notEqual(readlinkSync(`/proc/${second}/ns/mnt`), readlinkSync(`/proc/${pid}/ns/mnt`))
    box.oci('delete', '--force', other)
    box.bundle(['sleep', '1000'], config => {
      config.linux.namespaces = [{ type: 'mount' }, { type: 'network', path: `/proc/${pid}/ns/uts` }]
    })
    assert.notEqual(
      box.detached('run', '--detach', '--bundle', box.folder, other).status,
      0,
      'a namespace of another kind',
    )
    box.delete()
  })

  test('hostname and domainname', () => {
    const read = ['cat', '/proc/sys/kernel/hostname', '/proc/sys/kernel/domainname']
    const out = box.output(read, config => {
      config.hostname = 'a-host'
      config.domainname = 'a-domain'
    })
    assert.equal(out, 'a-host\na-domain\n')
  })

  if (box.name !== 'crun')
    test('a label that this kernel does not have is refused, not forgotten', () => {
      for (const change of [
        (config: Config) => (config.process.selinuxLabel = 'system_u:system_r:no_such_t:s0'),
        (config: Config) => (config.process.apparmorProfile = 'no-such-profile'),
        (config: Config) => (config.linux.mountLabel = 'system_u:object_r:no_such_t:s0'),
      ]) {
        box.bundle(['id'], change)
        const { status, stdout, stderr } = box.oci('run', '--bundle', box.folder, box.id)
        assert.notEqual(status, 0)
        assert.equal(stdout, '')
        assert.match(stderr, /label|apparmor|no_such_t/i)
        box.delete()
      }
    })

  test('Intel RDT without the hardware is refused, not forgotten', () => {
    box.bundle(['sleep', '1000'], config => {
      config.linux.intelRdt = { l3CacheSchema: 'L3:0=f' }
    })
    assert.notEqual(box.detached('run', '--detach', '--bundle', box.folder, box.id).status, 0)
  })
})
