import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { TestDaemon } from '../../support/daemon.ts'

/** What of the engine's own could be reached: its sockets, its folders, its program, what its processes hand on. */
describe('what the engine exposes', () => {
  let daemon: TestDaemon
  let container = 0
  before(async () => {
    daemon = await TestDaemon.start()
    container = (await daemon.inspect(await daemon.run('exposed', ['sleep', '1000']))).State.Pid
  })
  after(() => daemon[Symbol.asyncDispose]())

  test('no socket has an abstract name, which a container with the host network would reach (CVE-2020-15257)', () => {
    const lines = readFileSync('/proc/self/net/unix', 'utf8').split('\n')
    const names = lines.map(line => line.split(' ').at(-1) ?? '')
    assert.ok(
      names.some(it => it.endsWith('berth.sock')),
      'the sockets of this namespace are listed',
    )
    assert.deepEqual(
      names.filter(it => it.startsWith('@')),
      [],
    )
  })

  test('sockets are for root alone, that of the API also for its group', () => {
    const sockets = entriesBelow(daemon.runDir).filter(path => statSync(path).isSocket())
    assert.ok(sockets.length >= 3, `the API's, netd's and a monitor's: ${sockets.join(' ')}`)
    for (const path of sockets) {
      const name = path.slice(daemon.runDir.length + 1)
      assert.equal(statSync(path).uid, 0, name)
      assert.equal((statSync(path).mode & 0o777).toString(8), name === 'berth.sock' ? '660' : '600', name)
    }
  })

  test('what the engine keeps can neither be listed nor changed by others', () => {
    const folders = [daemon.dataRoot, daemon.runDir].flatMap(folder =>
      readdirSync(folder, { withFileTypes: true }).flatMap(it => (it.isDirectory() ? [join(folder, it.name)] : [])),
    )
    for (const folder of folders)
      assert.equal((statSync(folder).mode & 0o066).toString(8), '0', folder.slice(daemon.folder.length + 1))
  })

  test('monitors run from a mount of the program that is attached nowhere, and read-only (CVE-2019-5736)', () => {
    assert.ok(isMounted(`/proc/${daemon.pid}/exe`), 'any other program comes from a mount of the host')
    assert.equal(isMounted(`/proc/${parentOf(container)}/exe`), false)
  })

  test('a container is given three open files, and nothing of the environment of the engine', () => {
    const open = readdirSync(`/proc/${container}/fd`).map(fd => readlinkSync(`/proc/${container}/fd/${fd}`))
    assert.equal(open.length, 3, open.join(' '))
    assert.deepEqual(
      open.filter(it => it.startsWith('/') && it !== '/dev/null'),
      [],
    )
    assert.doesNotMatch(readFileSync(`/proc/${container}/environ`, 'utf8'), /BERTH|NODE|SUDO|SHELL/)
  })
})

/** Whether the mount that the file is opened through is one of this namespace's. */
function isMounted(path: string): boolean {
  const fd = openSync(path, 'r')
  const id = /mnt_id:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
  closeSync(fd)
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some(line => line.startsWith(`${id} `))
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

function entriesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(it => {
    const path = join(folder, it.name)
    return it.isDirectory() ? entriesBelow(path) : [path]
  })
}
