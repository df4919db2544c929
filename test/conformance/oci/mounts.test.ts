import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { onEachRuntime } from './runtimes.ts'

onEachRuntime('mounts', box => {
  let source = ''
  before(() => {
    source = mkdtempSync(join(box.folder, 'source-'))
    writeFileSync(join(source, 'file'), 'of the host\n')
    mkdirSync(join(source, 'below'))
    mkdirSync(join(box.folder, 'rootfs/full/sub'), { recursive: true })
    writeFileSync(join(box.folder, 'rootfs/full/sub/data'), 'copied\n')
    chmodSync(join(box.folder, 'rootfs/full/sub/data'), 0o640)
    symlinkSync('sub/data', join(box.folder, 'rootfs/full/link'))
  })
  after(() => rmSync(source, { recursive: true, force: true }))

  /** Options of the mount at `path`, as the container's mountinfo has them. */
  const optionsOf = (mountinfo: string, path: string) =>
    mountinfo
      .split('\n')
      .map(line => line.split(' '))
      .findLast(fields => fields[4] === path)?.[5]
      ?.split(',') ?? []

  test('a bind with its options, a file bound onto a file that is not there', () => {
    const out = box.output(
      ['sh', '-c', 'cat /m/file /a/new/file; echo x > /m/x 2>/dev/null || echo refused; cat /proc/self/mountinfo'],
      config => {
        config.mounts.push({
          destination: '/m',
          type: 'bind',
          source,
          options: ['rbind', 'ro', 'nosuid', 'nodev', 'noexec'],
        })
        config.mounts.push({
          destination: '/a/new/file',
          type: 'bind',
          source: join(source, 'file'),
          options: ['bind'],
        })
      },
    )
    assert.match(out, /^of the host\nof the host\nrefused\n/)
    for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) assert.ok(optionsOf(out, '/m').includes(option), option)
  })

  test('a relative source is one of the bundle', () => {
    const out = box.output(['cat', '/m/file'], config => {
      config.mounts.push({
        destination: '/m',
        type: 'bind',
        source: source.slice(box.folder.length + 1),
        options: ['bind'],
      })
    })
    assert.equal(out, 'of the host\n')
  })

  test('recursive attributes reach what is mounted below, plain ones do not', () => {
    const print = ['cat', '/proc/self/mountinfo']
    const tmpfs = { destination: '/below', type: 'tmpfs', source: 'tmpfs' }
    const mounts = (option: string) => (config: { mounts: unknown[] }) => {
      config.mounts.push(tmpfs, { destination: '/m', type: 'bind', source: '/proc', options: ['rbind', option] })
    }
    const below = (out: string) => out.split('\n').filter(line => / \/m\//.test(line))
    const recursive = box.output(print, mounts('rro'))
    for (const line of below(recursive)) assert.match(line.split(' ')[5] ?? '', /^ro/)
    assert.ok(optionsOf(box.output(print, mounts('ro')), '/m').includes('ro'))
  })

  test('mounts are listed in the order of the bundle, whatever their kind and propagation', () => {
    const kinds = ['private', 'rshared', 'slave', 'unbindable', 'rprivate']
    const out = box.output(['cat', '/proc/self/mountinfo'], config => {
      for (const kind of kinds) {
        config.mounts.push({ destination: `/t-${kind}`, type: 'tmpfs', source: 'tmpfs' })
        config.mounts.push({ destination: `/b-${kind}`, type: 'bind', source, options: ['bind', kind] })
      }
    })
    const listed = out.split('\n').map(line => line.split(' ')[4] ?? '')
    const expected = kinds.flatMap(kind => [`/t-${kind}`, `/b-${kind}`])
    assert.deepEqual(
      listed.filter(path => expected.includes(path)),
      expected,
    )
    if (box.name !== 'crun') assert.match(out, / \/b-unbindable [^\n]* unbindable /) // crun leaves it private
  })

  test('tmpcopyup: a tmpfs begins with what the image has there', () => {
    const script = 'cat /full/link; stat -c "%a %F" /full/sub/data /full/link; echo x > /full/new && echo written'
    const out = box.output(['sh', '-c', script], config => {
      config.root.readonly = true
      config.mounts.push({ destination: '/full', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] })
    })
    assert.equal(out, 'copied\n640 regular file\n777 symbolic link\nwritten\n')
  })

  test('a tmpfs with size and mode', () => {
    const out = box.output(['sh', '-c', 'stat -c %a /scratch; cat /proc/self/mounts'], config => {
      config.mounts.push({
        destination: '/scratch',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['size=64k', 'mode=1750', 'nosuid'],
      })
    })
    assert.match(out, /^1750\n/)
    assert.match(out, /\/scratch tmpfs [^\n]*size=64k/)
  })

  test('options of mount(8) that mean nothing here are taken, a word that is none is refused for a bind', () => {
    const options = ['bind', 'async', 'loud', 'norelatime', 'rprivate']
    const change = (words: readonly string[]) => (config: { mounts: unknown[] }) => {
      config.mounts.push({ destination: '/m', type: 'bind', source, options: words })
    }
    assert.equal(box.output(['cat', '/m/file'], change(options)), 'of the host\n')
    if (box.name !== 'berth') return // others hand it to the kernel, which has nothing to say about it
    box.bundle(['cat', '/m/file'], change(['bind', 'nosuidd']))
    assert.match(box.oci('run', '--bundle', box.folder, box.id).stderr, /nosuidd/)
  })

  test('masked and read-only paths, a read-only root', () => {
    const script =
      'cat /masked/a; ls /masked/b; for p in /locked/c /d; do echo x > $p 2>/dev/null || echo refused; done'
    mkdirSync(join(box.folder, 'rootfs/masked/b/c'), { recursive: true })
    mkdirSync(join(box.folder, 'rootfs/locked'), { recursive: true })
    writeFileSync(join(box.folder, 'rootfs/masked/a'), 'secret')
    const out = box.output(['sh', '-c', script], config => {
      config.root.readonly = true
      config.linux.maskedPaths = ['/masked/a', '/masked/b', '/not/there']
      config.linux.readonlyPaths = ['/locked', '/not/there']
    })
    assert.equal(out, 'refused\nrefused\n')
  })

  test('sysctls of namespaces of its own; none of the host', () => {
    const out = box.output(['cat', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/kernel/msgmax'], config => {
      config.linux.sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096' }
    })
    assert.equal(out, '1\n4096\n')
    for (const name of ['vm.swappiness', 'kernel.hostname', 'no.such']) {
      box.bundle(['cat', '/dev/null'], config => {
        config.linux.sysctl = { [name]: '1' }
        config.hostname = 'x'
      })
      assert.notEqual(box.oci('run', '--bundle', box.folder, box.id).status, 0, name)
    }
  })

  test('devices: the standard ones, those of the bundle with mode and owner', () => {
    const script =
      'cd /dev; for d in null zero full random urandom tty; do test -c $d || echo missing $d; done; stat -c "%a %u %g %t:%T %F" mine; ls -d fd stdin stdout stderr ptmx'
    const out = box.output(['sh', '-c', script], config => {
      config.mounts.push({ destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['ptmxmode=0666'] })
      config.linux.devices = [{ path: '/dev/mine', type: 'c', major: 1, minor: 3, fileMode: 0o640, uid: 5, gid: 6 }]
    })
    assert.equal(out, '640 5 6 1:3 character special file\nfd\nptmx\nstderr\nstdin\nstdout\n')
  })

  // crun 1.28 allows all of them then.
  test('a bundle that says nothing of devices allows none of the host', { skip: box.name === 'crun' }, () => {
    const script =
      'mknod /tmp/disk b 7 0 && cat /tmp/disk >/dev/null; echo $?; rm /tmp/disk; echo x >/dev/null && echo null'
    const all = ['CAP_MKNOD', 'CAP_DAC_OVERRIDE', 'CAP_SYS_RAWIO']
    const out = box.output(['sh', '-c', script], config => {
      config.process.capabilities = { bounding: all, effective: all, permitted: all }
    })
    assert.equal(out, '1\nnull\n')
  })

  test('a /dev/console that is a link is not followed', () => {
    if (box.name !== 'berth') return // crun 1.28 follows it
    rmSync(join(box.folder, 'rootfs/dev/console'), { force: true })
    symlinkSync('/etc/target', join(box.folder, 'rootfs/dev/console'))
    writeFileSync(join(box.folder, 'rootfs/etc/target'), '')
    box.bundle(['cat', '/dev/null'], config => {
      config.process.terminal = true
      config.mounts = [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666'] },
      ]
    })
    const { status, stderr } = box.oci('run', '--bundle', box.folder, box.id)
    assert.notEqual(status, 0)
    assert.match(stderr, /console/)
    rmSync(join(box.folder, 'rootfs/dev/console'))
  })
})
