import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { before, test } from 'node:test'
import type { ExecInspect } from '../../../schemas/api/exec.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'

/** Sends bytes into a hijacked exec and answers everything until the engine ends the connection. */
async function converse(engine: ApiEngine, id: string, body: object, input: string): Promise<string> {
  const socket = createConnection({ path: engine.socket, allowHalfOpen: true })
  const text = JSON.stringify(body)
  socket.write(
    `POST /exec/${id}/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'data')
  for (const byte of input) socket.write(byte)
  await once(socket, 'end')
  socket.destroy()
  return Buffer.concat(chunks).toString()
}

onEngines('exec', engine => {
  let api: ApiEngine
  let id: string
  before(async () => {
    api = engine()
    id = await api.run('exec', ['busybox', 'sleep', '1000'])
  })

  test('its own detach keys leave it running', async () => {
    const request = {
      Cmd: ['busybox', 'sleep', '1000'],
      Tty: true,
      AttachStdin: true,
      AttachStdout: true,
      DetachKeys: 'ctrl-x,q',
    }
    const exec = await api.call<{ Id: string }>('POST', `/containers/${id}/exec`, request)
    await converse(api, exec.Id, { Tty: true }, '\x18q')
    const { Running } = await api.call<ExecInspect>('GET', `/exec/${exec.Id}/json`)
    // dockerd calls an exec ended as soon as its client has left.
    if (api.name === 'berthd') assert.equal(Running, true)
  })

  test('refusals', async () => {
    const refused = async (method: string, path: string, body?: unknown) => {
      const { status, message } = await api.request(method, path, body)
      return [status, message]
    }
    assert.deepEqual(await refused('POST', `/containers/${id}/exec`, {}), [400, 'No exec command specified'])
    const keys = await refused('POST', `/containers/${id}/exec`, { Cmd: ['true'], DetachKeys: 'zz-q' })
    assert.match(String(keys[1]), /^Invalid (?:detach|escape) keys \(zz-q\) provided$/)
    for (const [method, path] of [
      ['POST', '/exec/nope/start'],
      ['GET', '/exec/nope/json'],
      ['POST', '/exec/nope/resize?h=1&w=1'],
    ] as const) {
      assert.deepEqual(await refused(method, path, method === 'POST' ? {} : undefined), [
        404,
        'No such exec instance: nope',
      ])
    }
    const down = await api.create('down', ['true'])
    assert.deepEqual(await refused('POST', `/containers/${down}/exec`, { Cmd: ['true'] }), [
      409,
      `container ${down} is not running`,
    ])
    assert.deepEqual(await refused('POST', `/containers/${id}/resize?h=x&w=1`), [
      400,
      'invalid resize height "x": invalid syntax',
    ])
    assert.deepEqual(await refused('POST', `/containers/${id}/resize?h=1`), [
      400,
      'invalid resize width "": invalid syntax',
    ])
    assert.deepEqual(await refused('POST', `/containers/${id}/wait?condition=x`), [400, 'invalid condition: "x"'])
    assert.deepEqual(await refused('GET', '/events?since=5&until=1'), [
      400,
      '`since` time (5) cannot be after `until` time (1)',
    ])
  })
})
