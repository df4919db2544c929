import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { ExecInspect } from '../../../schemas/api/exec.ts'
import { demultiplex, TestDaemon } from '../../support/daemon.ts'

/** A hijacked connection as the docker CLI opens it. */
async function hijack(
  daemon: TestDaemon,
  path: string,
  body: object = {},
): Promise<{ socket: Socket; rest: () => Promise<Buffer> }> {
  const socket = createConnection({ path: daemon.socket, allowHalfOpen: true })
  const text = JSON.stringify(body)
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  while (!Buffer.concat(chunks).includes('\r\n\r\n')) await once(socket, 'data')
  return {
    socket,
    rest: async () => {
      if (!socket.readableEnded) await once(socket, 'end')
      const all = Buffer.concat(chunks)
      assert.match(all.toString('latin1'), /^HTTP\/1.1 101 UPGRADED\r\n/)
      return all.subarray(all.indexOf('\r\n\r\n') + 4)
    },
  }
}

describe('streams', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
    await daemon.run('host', ['sleep', '1000'])
  })
  after(async () => {
    await daemon[Symbol.asyncDispose]()
  })
  const exec = async (request: object): Promise<string> =>
    (
      await daemon.call<{ Id: string }>('POST', '/containers/host/exec', {
        AttachStdout: true,
        AttachStderr: true,
        ...request,
      })
    ).Id

  test('an exec gives its output whole and its exit code is there when the stream ends', async () => {
    const id = await exec({ Cmd: ['sh', '-c', 'seq 20000; exit 7'] })
    const { rest } = await hijack(daemon, `/exec/${id}/start`)
    const output = demultiplex(await rest())
    assert.equal((await daemon.call<ExecInspect>('GET', `/exec/${id}/json`)).ExitCode, 7)
    assert.equal(output.split('\n').length, 20_001)
    assert.ok(output.endsWith('\n20000\n'))
  })

  test('input reaches an exec, and a half-close ends it while the output goes on', async () => {
    const id = await exec({ Cmd: ['sh', '-c', 'sort; echo done'], AttachStdin: true })
    const { socket, rest } = await hijack(daemon, `/exec/${id}/start`)
    socket.end('b\na\n')
    assert.equal(demultiplex(await rest()), 'a\nb\ndone\n')
  })

  test('an exec of what is not there says so in the stream and ends with 127', async () => {
    const id = await exec({ Cmd: ['/no/such/program'] })
    const { rest } = await hijack(daemon, `/exec/${id}/start`)
    assert.match(demultiplex(await rest()), /OCI runtime exec failed: .*no\/such\/program/)
    assert.equal((await daemon.call<ExecInspect>('GET', `/exec/${id}/json`)).ExitCode, 127)
  })

  test('an exec takes user, folder and environment of its own', async () => {
    const id = await exec({
      Cmd: ['sh', '-c', 'id -u; pwd; echo $X'],
      User: '65534:65534',
      WorkingDir: '/usr',
      Env: ['X=y'],
    })
    const { rest } = await hijack(daemon, `/exec/${id}/start`)
    assert.equal(demultiplex(await rest()), '65534\n/usr\ny\n')
  })

  test('a terminal is raw bytes of the size that was asked for', async () => {
    const id = await exec({ Cmd: ['stty', 'size'], Tty: true, AttachStdin: true })
    const { rest } = await hijack(daemon, `/exec/${id}/start`, { Tty: true, ConsoleSize: [33, 111] })
    assert.equal((await rest()).toString(), '33 111\r\n')
  })

  test('a client that attaches before the start misses no byte', async () => {
    await daemon.create('early', ['sh', '-c', 'echo first; echo second'], {})
    const { rest } = await hijack(daemon, '/containers/early/attach?stream=1&stdout=1&stderr=1')
    await daemon.call('POST', '/containers/early/start')
    assert.equal(demultiplex(await rest()), 'first\nsecond\n')
  })

  test('standard input of a container, once', async () => {
    await daemon.create('reader', ['sh', '-c', 'cat; echo end'], {
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
    })
    const { socket, rest } = await hijack(daemon, '/containers/reader/attach?stream=1&stdin=1&stdout=1')
    await daemon.call('POST', '/containers/reader/start')
    socket.end('typed\n')
    assert.equal(demultiplex(await rest()), 'typed\nend\n')
  })

  test('the detach keys leave the container running', async () => {
    await daemon.run('terminal', ['cat'], { Tty: true, OpenStdin: true })
    const { socket, rest } = await hijack(daemon, '/containers/terminal/attach?stream=1&stdin=1&stdout=1')
    socket.write('\x10')
    socket.write('\x11')
    await rest()
    assert.equal((await daemon.inspect('terminal')).State.Status, 'running')
  })

  test('an attach to a container that never starts ends when it is removed', async () => {
    await daemon.create('never', ['true'])
    const { rest } = await hijack(daemon, '/containers/never/attach?stream=1&stdout=1')
    await daemon.call('DELETE', '/containers/never')
    assert.equal((await rest()).length, 0)
  })
})
