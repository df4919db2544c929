import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { TestDaemon } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { assertNothingLeft, kernelState } from '../support/leaks.ts'
import { processesOf, Stack } from './stack.ts'

const PORT = 24_080

const TWO_SERVICES = `
services:
  web:
    image: rootfs:/
    init: true
    command: [python3, -m, http.server, "80", --directory, /usr/share/doc]
    ports: ["${PORT}:80"]
  client: {image: "rootfs:/", init: true, command: [sleep, "1000"]}
`

test('netd killed: published ports and names come back', async () => {
  await using daemon = await TestDaemon.start()
  const before = kernelState(daemon.instance)
  const stack = new Stack(daemon, TWO_SERVICES)
  const up = await stack.run('up', '-d')
  assert.equal(up.code, 0, up.output)
  const pids = await stack.pids()
  await eventually('the port', () => canConnect(PORT))
  const [netd] = nativeProcesses(daemon, 'netd')
  assert.ok(netd, 'netd runs')
  process.kill(netd, 'SIGKILL')

  await eventually('the name of a service', async () => {
    const { code } = await stack.run('exec', '-T', 'client', 'getent', 'hosts', 'web')
    return code === 0
  })
  await eventually('the port again', () => canConnect(PORT))
  assert.deepEqual(await stack.pids(), pids, 'no container was touched')
  const down = await stack.run('down')
  assert.equal(down.code, 0, down.output)
  await assertNothingLeft(daemon.instance, before)
})

test('a monitor killed: the container is reported as ended, up converges, nothing is left', async () => {
  await using daemon = await TestDaemon.start()
  const before = kernelState(daemon.instance)
  const stack = new Stack(daemon, TWO_SERVICES)
  const up = await stack.run('up', '-d')
  assert.equal(up.code, 0, up.output)
  const pids = await stack.pids()
  const client = pids['client'] ?? 0
  process.kill(monitorOf(client), 'SIGKILL')

  const { State } = await eventually('its end', async () => {
    const it = await daemon.inspect(`${daemon.instance}-client-1`)
    return !it.State.Running && it
  })
  assert.ok(['exited', 'dead'].includes(State.Status), State.Status)
  assert.notEqual(State.ExitCode, 0)
  await eventually('no process of it', () => !processesOf(daemon).has(client))

  const again = await stack.run('up', '-d')
  assert.equal(again.code, 0, again.output)
  const now = await stack.pids()
  assert.deepEqual(Object.keys(now), ['client', 'web'])
  assert.equal(now['web'], pids['web'])
  const down = await stack.run('down')
  assert.equal(down.code, 0, down.output)
  await assertNothingLeft(daemon.instance, before)
})

/** Pids of the daemon's native processes in the given role. */
function nativeProcesses(daemon: TestDaemon, role: string): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      const argv = read(`/proc/${pid}/cmdline`).split('\0')
      return argv.includes(daemon.runDir) && (argv[1] === role || read(`/proc/${pid}/comm`).includes(role))
    })
    .map(Number)
}

/** The monitor of a container: the nearest ancestor outside the container's pid namespace. */
function monitorOf(pid: number): number {
  const parent = Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1])
  assert.match(read(`/proc/${parent}/cmdline`), /berth-native/)
  return parent
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
