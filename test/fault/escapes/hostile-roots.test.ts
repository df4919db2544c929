import assert from 'node:assert/strict'
import { execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { OciBundle } from './oci-bundle.ts'
import { buildAttack } from './program.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const peers = (process.env['BERTH_PEER_RUNTIMES'] ?? '').split(',').filter(Boolean)
const native = join(root, 'dist/berth-native')
const runtimes = [['berth', native, 'oci'], ...peers.map(peer => peer.split('='))]
const ROUNDS = Number(process.env['ESCAPE_ROUNDS'] ?? 15)

/** A link in the image that, looked up from outside, leads to the host: [where, what is mounted or made below or at it]. */
const traps: readonly {
  readonly name: string
  readonly link: string
  readonly target: (victim: string) => string
  readonly config: (folder: string) => {
    readonly mounts?: readonly object[]
    readonly linux?: Readonly<Record<string, unknown>>
  }
}[] = [
  { name: '/proc is a link (CVE-2019-19921)', link: 'proc', target: it => it, config: () => ({}) },
  {
    name: '/sys is a link (CVE-2023-27561)',
    link: 'sys',
    target: it => it,
    config: () => ({ mounts: [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro'] }] }),
  },
  {
    name: 'a folder on the way to a mount is a link (CVE-2021-30465)',
    link: 'data',
    target: it => it,
    config: folder => ({
      mounts: [{ destination: '/data/made', type: 'bind', source: `${folder}/given`, options: ['bind'] }],
    }),
  },
  {
    name: 'a mount target is a dangling link (CVE-2024-45310)',
    link: 'data',
    target: it => `${it}/made`,
    config: folder => ({
      mounts: [{ destination: '/data', type: 'bind', source: `${folder}/given`, options: ['bind'] }],
    }),
  },
  {
    name: 'a file to mount over is a link',
    link: 'etc/hosts',
    target: it => `${it}/secret`,
    config: folder => ({
      mounts: [{ destination: '/etc/hosts', type: 'bind', source: `${folder}/file`, options: ['bind'] }],
    }),
  },
  {
    name: '/dev is a link (CVE-2026-41579)',
    link: 'dev',
    target: it => it,
    config: () => ({
      linux: { devices: [{ type: 'c', path: '/dev/made', major: 1, minor: 3, fileMode: 438, uid: 0, gid: 0 }] },
    }),
  },
]

for (const [name = '', ...command] of runtimes) {
  describe(`hostile roots: ${name}`, () => {
    let attack = ''
    let bundle: OciBundle
    let state: readonly string[] = []
    before(() => {
      attack = buildAttack()
    })
    beforeEach(t => {
      bundle = new OciBundle(command, attack, `berth-escape-${process.pid}-${name}`)
      mkdirSync(join(bundle.folder, 'given'))
      writeFileSync(join(bundle.folder, 'file'), 'given')
      state = bundle.victimState()
      assert.ok(t)
    })
    const ends: (() => void)[] = []
    after(() => {
      for (const end of ends.reverse()) end()
    })

    /** Whatever the runtime made of it, the host is as it was. */
    function assertUntouched(): void {
      const now = bundle.victimState()
      bundle.remove()
      assert.deepEqual(now, state)
    }

    for (const trap of traps)
      for (const [kind, prefix] of [
        ['absolute', ''],
        ['upwards', '../../../../../../../..'],
      ] as const)
        test(`${trap.name}, ${kind}`, () => {
          const { mounts = [], linux = {} } = trap.config(bundle.folder)
          const place = join(bundle.rootfs, trap.link)
          symlinkSync(`${prefix}${trap.target(bundle.victim)}`, place)
          // The trap is set: whoever looks the path up from outside lands on the host.
          const reached = existsSync(place) ? realpathSync(place) : realpathSync(join(place, '..'))
          assert.ok(existsSync(place) ? reached.startsWith(bundle.victim) : trap.target('').length > 0)
          bundle.write(['true'], { mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, ...mounts] }, linux)
          bundle.run()
          assertUntouched()
        })

    test('/proc is a volume with files of its own (CVE-2019-16884): what the runtime sets goes to the kernel', () => {
      const fake = join(bundle.victim, 'proc')
      for (const sub of ['self', 'sys/net/ipv4', 'thread-self']) mkdirSync(join(fake, sub), { recursive: true })
      for (const file of ['self/oom_score_adj', 'sys/net/ipv4/ip_forward']) writeFileSync(join(fake, file), 'untouched')
      bundle.write(
        ['true'],
        {
          process: { ...bundle.process(['true']), oomScoreAdj: 100 },
          mounts: [{ destination: '/proc', type: 'bind', source: fake, options: ['bind'] }],
        },
        { sysctl: { 'net.ipv4.ip_forward': '1' } },
      )
      bundle.run()
      const [first, second] = ['self/oom_score_adj', 'sys/net/ipv4/ip_forward'].map(file =>
        execFileSync('cat', [join(fake, file)], { encoding: 'utf8' }),
      )
      rmSync(fake, { recursive: true })
      assert.deepEqual([first, second], ['untouched', 'untouched'])
      assertUntouched()
    })

    test('/dev/null of the container is a link (CVE-2025-31133): a masked file shows nothing of where it leads', () => {
      const dev = join(bundle.folder, 'given')
      symlinkSync('/secret', join(dev, 'null'))
      writeFileSync(join(bundle.rootfs, 'secret'), 'behind the link')
      writeFileSync(join(bundle.rootfs, 'hidden'), 'hidden')
      const mounts = [{ destination: '/dev', type: 'bind', source: dev, options: ['bind'] }]
      bundle.write(['cat', '/hidden', '/dev/null'], { mounts })
      const unmasked = bundle.run().output
      if (name === 'berth') assert.equal(unmasked, 'hiddenbehind the link', 'without a mask both can be read')
      bundle.write(['cat', '/hidden'], { mounts }, { maskedPaths: ['/hidden'] })
      const { output } = bundle.run()
      assert.doesNotMatch(output, /^hidden|behind the link/)
      assertUntouched()
    })

    test('/dev/console of the container is a link (CVE-2025-52565): no terminal is put where it leads', () => {
      const dev = join(bundle.folder, 'given')
      const socket = join(bundle.folder, 'console')
      const server = createServer().listen(socket)
      mkdirSync(join(dev, 'pts'))
      symlinkSync('/target', join(dev, 'console'))
      writeFileSync(join(bundle.rootfs, 'target'), 'as it was')
      const mounts = [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'bind', source: dev, options: ['bind'] },
        { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666'] },
      ]
      const args = ['sh', '-c', 'cat /target > /seen; grep " /target " /proc/self/mountinfo >> /seen']
      bundle.write(args, { process: { ...bundle.process(args), terminal: true }, mounts })
      const { status } = bundle.oci(['create', '--bundle', bundle.folder, '--console-socket', socket, bundle.id], {
        stdio: 'ignore',
      })
      if (status === 0) {
        bundle.oci(['start', bundle.id])
        spawnSync('sh', [
          '-c',
          `i=0; while ! test -s ${bundle.rootfs}/seen && test $i -lt 50; do sleep 0.1; i=$((i+1)); done`,
        ])
        assert.equal(execFileSync('cat', [join(bundle.rootfs, 'seen')], { encoding: 'utf8' }), 'as it was')
      }
      server.close()
      assertUntouched()
    })

    test('the working folder is an open file of the runtime (CVE-2024-21626)', () => {
      const leaks = Array.from({ length: 9 }, () => openSync(bundle.victim, 'r'))
      const stdio = ['ignore', 'pipe', 'pipe', ...leaks] as const
      const shown = spawnSync('sh', ['-c', 'cd /proc/self/fd/3 && ls'], { stdio: [...stdio], encoding: 'utf8' })
      assert.equal(shown.stdout, 'secret\n', 'a program that hands its files on shows the folder')
      for (let fd = 3; fd < 3 + leaks.length; fd++) {
        bundle.write(['ls'], { process: { ...bundle.process(['ls']), cwd: `/proc/self/fd/${fd}` } })
        assert.doesNotMatch(bundle.run({ stdio: [...stdio] }).output, /secret/)
      }
      bundle.write(['sleep', '1000'])
      const quiet: StdioOptions = ['ignore', 'ignore', 'ignore', ...leaks]
      const { status } = bundle.oci(['run', '-d', '--bundle', bundle.folder, bundle.id], { stdio: quiet })
      if (name === 'berth') assert.equal(status, 0)
      for (let fd = 3; fd < 3 + leaks.length; fd++)
        assert.doesNotMatch(
          bundle.oci(['exec', '--cwd', `/proc/self/fd/${fd}`, bundle.id, 'ls'], { stdio: [...stdio] }).output,
          /secret/,
        )
      const { output } = bundle.oci(['exec', bundle.id, '/attack', 'open-files'], { stdio: [...stdio] })
      if (status === 0) assert.match(output, /^open-files [1-9]/, 'nothing above 2 is open in an exec')
      assertUntouched()
    })

    test('a path of the image that changes while it is mounted at (CVE-2021-30465, the race)', async () => {
      mkdirSync(join(bundle.rootfs, 'data'))
      symlinkSync(bundle.victim, join(bundle.rootfs, 'swap'))
      const names = `exchange:${bundle.rootfs}/data,${bundle.rootfs}/swap`
      // A group and a pipe of their own: the program forks, and the pipe is closed when both are gone.
      const racer = spawn(attack, [names], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
      const stop = () =>
        racer.exitCode === null && racer.signalCode === null && process.kill(-(racer.pid ?? 0), 'SIGKILL')
      ends.push(stop)
      const mounts = [
        { destination: '/data/made', type: 'bind', source: join(bundle.folder, 'given'), options: ['bind'] },
      ]
      bundle.write(['true'], { mounts })
      for (let i = 0; i < ROUNDS; i++) bundle.run()
      const afterwards = bundle.victimState()
      let caught = false
      for (let i = 0; i < 2000 && !caught; i++) {
        spawnSync('mkdir', ['-p', join(bundle.rootfs, 'data', `naive${i}`)])
        caught = existsSync(join(bundle.victim, `naive${i}`))
      }
      const closed = once(racer, 'close')
      racer.stdout.resume()
      stop()
      await closed
      bundle.remove()
      assert.deepEqual(afterwards, state)
      assert.ok(caught, 'whoever looks at paths is caught by the exchange')
    })

    test('the runtime itself, reached by /proc/self/exe (CVE-2019-5736)', () => {
      const open = hunt(['/proc/self/exe', '--version'])
      assert.doesNotMatch(open, /runtime-program:\S+ 0\n/)
      if (name === 'berth') assert.match(open, /runtime-program:\S+ \d+\n/, 'it was caught')
      const copy = join(bundle.folder, 'given/program')
      copyFileSync(native, copy)
      chmodSync(copy, 0o755)
      assert.match(
        hunt(['/given/program', 'version']),
        /runtime-program:\S+ 0\n/,
        'a program of the host that is not sealed is caught',
      )
      assertUntouched()
    })

    /** What the container's own process got of a program that is executed in it now and then. */
    function hunt(program: readonly string[]): string {
      const mounts = [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/given', type: 'bind', source: join(bundle.folder, 'given'), options: ['bind'] },
      ]
      const log = join(bundle.rootfs, 'caught')
      writeFileSync(log, '')
      const args = ['sh', '-c', '/attack runtime-program:/bin/busybox > /caught; sleep 1000']
      bundle.write(args, { mounts })
      bundle.oci(['run', '-d', '--bundle', bundle.folder, bundle.id], { stdio: 'ignore' })
      let caught = ''
      for (let i = 0; i < 60 && !/ \d+\n/.test(caught); i++) {
        bundle.oci(['exec', bundle.id, ...program], { stdio: 'ignore' })
        caught = execFileSync('cat', [log], { encoding: 'utf8' })
      }
      bundle.oci(['delete', '--force', bundle.id])
      return caught
    }
  })
}
