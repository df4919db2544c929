import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { onEachRuntime } from './runtimes.ts'

onEachRuntime('exec', box => {
  before(() => {
    writeFileSync(
      join(box.folder, 'rootfs/etc/passwd'),
      'root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n',
    )
    box.start(['sleep', '1000'], config => {
      config.process.capabilities = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] }
      config.process.env.push('A=1')
    })
  })
  after(() => box.delete())

  const status = (name: string, ...options: readonly string[]) =>
    box
      .oci('exec', ...options, box.id, 'grep', `^${name}:`, '/proc/self/status')
      .stdout.split('\t')
      .slice(1)
      .join(' ')
      .trim()

  test('its exit code, its user, its groups', () => {
    const { stdout, status } = box.oci('exec', '--user', '1000:1001', box.id, 'sh', '-c', 'id -u; id -g; exit 3')
    assert.equal(stdout, '1000\n1001\n')
    assert.equal(status, 3)
    assert.equal(box.oci('exec', '--additional-gids=5', box.id, 'id', '-G').stdout, '0 5\n')
  })

  test('users that are none are refused, by no means run as root', () => {
    const users = box.name === 'berth' ? ['-1', '4294967295', '4294967296', 'x', '1:x'] : ['x']
    for (const user of users) {
      const { status, stdout } = box.oci('exec', `--user=${user}`, box.id, 'id', '-u')
      assert.notEqual(status, 0, user)
      assert.equal(stdout, '')
    }
  })

  test('environment, working folder, HOME of the user', () => {
    const { stdout } = box.oci(
      'exec',
      '--env',
      'A=2',
      '--env',
      'B=3',
      '--cwd',
      '/tmp',
      box.id,
      'sh',
      '-c',
      'echo $A $B $PWD $HOME',
    )
    assert.equal(stdout, '2 3 /tmp /root\n')
    assert.equal(box.oci('exec', '--user', '1000', box.id, 'sh', '-c', 'echo $A $HOME').stdout, '1 /home/ada\n')
  })

  test('capabilities are added, and those of the container are kept', () => {
    assert.equal(status('CapEff'), '0000000000000020')
    const added = box.name === 'crun' ? '0000000000002000' : '0000000000002020' // crun's replaces
    assert.equal(status('CapEff', '--cap', 'CAP_NET_RAW'), added)
    assert.equal(status('CapBnd', '--cap', 'CAP_NET_RAW'), added)
    assert.equal(status('NoNewPrivs'), '0')
    assert.equal(status('NoNewPrivs', '--no-new-privs'), '1')
  })

  test('a process from a file, detached, with its pid written', () => {
    const file = join(box.folder, 'process.json')
    const pidFile = join(box.folder, 'exec.pid')
    const process = { user: { uid: 7, gid: 8 }, args: ['sleep', '500'], env: ['PATH=/bin'], cwd: '/tmp' }
    writeFileSync(file, JSON.stringify(process))
    assert.equal(box.detached('exec', '--process', file, '--detach', '--pid-file', pidFile, box.id).status, 0)
    const pid = readFileSync(pidFile, 'utf8').trim()
    assert.deepEqual(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'), ['sleep', '500', ''])
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Uid:\t7\t7\t7\t7$/m)
  })

  test('a program that is not there, a container that is not there', () => {
    assert.notEqual(box.oci('exec', box.id, '/no/such').status, 0)
    assert.notEqual(box.oci('exec', 'no-such-container', 'id').status, 0)
  })

  test('a paused container gets no process unless that is asked for', () => {
    box.oci('pause', box.id)
    assert.notEqual(box.oci('exec', box.id, 'id').status, 0)
    box.oci('resume', box.id)
    assert.equal(box.oci('exec', box.id, 'id').status, 0)
  })
})
