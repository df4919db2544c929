import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Engine, engines } from '../../support/engines.ts'
import { eventually } from '../../support/eventually.ts'
import { Stack } from './stack.ts'

/** What `container` and others of its kind are made of, in the words of dockerd where it knows them. */
const mapOf = (text: string): readonly number[] => text.trim().split(/\s+/).map(Number)

for (const { name, start } of engines.filter(engine => engine.name === 'berthd')) {
  describe(`user namespaces of stacks on ${name}`, () => {
    let engine: Engine
    let host: string
    before(async () => {
      engine = await start()
      host = mkdtempSync(join(tmpdir(), 'berth-users-'))
    })
    after(async () => {
      await engine[Symbol.asyncDispose]()
      rmSync(host, { recursive: true, force: true })
    })

    test('auto: ids of their own, apart from each other; the host is out of reach, and everything else works', async () => {
      const shared = join(host, 'shared')
      mkdirSync(shared)
      writeFileSync(join(shared, 'secret'), 'of the host', { mode: 0o600 })
      chmodSync(shared, 0o777)
      await using stack = new Stack(
        engine,
        `
name: t-users
services:
  one:
    image: IMAGE
    init: true
    userns_mode: auto
    command: [sh, -c, "echo one > /data/from-one; echo out; sleep 1000"]
    volumes: ["data:/data", "${shared}:/shared", "${shared}:/mapped:idmap"]
    secrets: [{source: token, uid: "7", mode: 0400}]
    restart: always
  two:
    image: IMAGE
    init: true
    userns_mode: auto
    command: [node, -e, "require('http').createServer((q, s) => s.end('hi')).listen(80)"]
    ports: ["127.0.0.1::80"]
    volumes: ["data:/data"]
  beside:
    image: IMAGE
    init: true
    network_mode: service:one
    command: [sleep, "1000"]
secrets: {token: {environment: TOKEN}}
volumes: {data: {}}
`.replaceAll('environment: TOKEN', 'file: ./token'),
      )
      stack.writeFile('token', 'hush')
      await stack.ok('up', '-d')
      const inside = (service: string, script: string) => stack.ok('exec', '-T', service, 'sh', '-c', script)

      const [one, two, beside] = await Promise.all(
        ['one', 'two', 'beside'].map(async service => mapOf(await inside(service, 'cat /proc/self/uid_map'))),
      )
      assert.deepEqual([one?.[0], one?.[2], two?.[2]], [0, 65_536, 65_536])
      assert.ok(Math.abs((one?.[1] ?? 0) - (two?.[1] ?? 0)) >= 65_536, 'ranges overlap')
      assert.deepEqual(beside, one, 'who shares a network shares the user namespace that owns it')
      const { State } = await stack.inspect('t-users-one-1')
      assert.equal(statSync(`/proc/${State.Pid}`).uid, one?.[1])

      const attempt =
        'cat /shared/secret 2>/dev/null || echo no; echo x > /shared/made && stat -c %u /shared/secret /shared/made'
      assert.equal(await inside('one', attempt), 'no\n65534\n0\n')
      assert.equal(statSync(join(shared, 'made')).uid, one?.[1])
      assert.equal(await inside('one', 'cat /mapped/secret; echo; stat -c %u /mapped/secret'), 'of the host\n0\n')

      await eventually('the file of the other', async () => (await inside('two', 'cat /data/from-one')) === 'one\n')
      assert.equal(await inside('two', 'stat -c %u:%g /data/from-one /etc/hosts'), '0:0\n0:0\n')
      assert.equal(await inside('one', 'stat -c %u:%a /run/secrets/token'), '7:400\n')
      assert.match(await stack.ok('logs', 'one'), /out/)
      assert.match(await inside('one', 'getent hosts two'), /^\d+\.\d+\.\d+\.\d+\s+two/)
      const address = (await stack.ok('port', 'two', '80')).trim()
      await eventually('an answer', async () => (await (await fetch(`http://${address}/`)).text()) === 'hi')

      writeFileSync(join(stack.folder, 'in'), 'copied')
      await stack.ok('cp', 'in', 'one:/in')
      assert.equal(await inside('one', 'stat -c %u:%g /in; chown 5:6 /in; cat /in'), '0:0\ncopied')
      await stack.ok('restart', '-t', '0', 'one')
      assert.equal(await inside('one', 'stat -c %u:%g /in'), '5:6\n')
      assert.deepEqual(mapOf(await inside('one', 'cat /proc/self/uid_map')), one, 'a restart keeps the range')
      assert.equal((await stack.run(['plan', '--detailed-exitcode'])).code, 0)
      assert.equal((await stack.run(['drift'])).code, 0)
    })

    test('keep-id: every id is itself, without a right over the host', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-keep
services:
  one: {image: IMAGE, init: true, userns_mode: keep-id, command: [sleep, "1000"]}
  none: {image: IMAGE, init: true, userns_mode: host, command: [sleep, "1000"]}
`,
      )
      await stack.ok('up', '-d')
      const one = await stack.ok('exec', '-T', 'one', 'sh', '-c', 'cat /proc/self/uid_map; id -u')
      assert.deepEqual(mapOf(one), [0, 0, 4_294_967_295, 0])
      const pids = await Promise.all(['one', 'none'].map(async it => (await stack.inspect(`t-keep-${it}-1`)).State.Pid))
      const [own, none, ours] = [...pids, 'self'].map(pid => statSync(`/proc/${pid}/ns/user`).ino)
      assert.notEqual(own, ours)
      assert.equal(none, ours)
    })

    test('x-hardened: no capability, no new privileges, nothing to write, ids of its own', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-hard
services:
  web: {image: IMAGE, x-hardened: true, cap_add: [NET_BIND_SERVICE], tmpfs: [/tmp], command: [sleep, "1000"]}
`,
      )
      await stack.ok('up', '-d')
      const script =
        'grep -E "^(CapEff|CapBnd|NoNewPrivs):" /proc/self/status; echo x > /file 2>/dev/null || echo sealed; echo x > /tmp/file; cat /proc/self/uid_map'
      const seen = await stack.ok('exec', '-T', 'web', 'sh', '-c', script)
      assert.match(seen, /^CapEff:\t0000000000000400\nCapBnd:\t0000000000000400\nNoNewPrivs:\t1\nsealed\n/)
      assert.notEqual(mapOf(seen.split('\n')[4] ?? '')[1], 0)
      assert.equal((await stack.run(['plan', '--detailed-exitcode'])).code, 0)
      const { HostConfig } = await stack.inspect('t-hard-web-1')
      assert.equal(HostConfig.UsernsMode, 'auto')
      assert.equal(HostConfig.ReadonlyRootfs, true)
      assert.equal(
        readFileSync(`/proc/${(await stack.inspect('t-hard-web-1')).State.Pid}/uid_map`, 'utf8')
          .trim()
          .startsWith('0 0'),
        false,
      )
    })
  })
}
