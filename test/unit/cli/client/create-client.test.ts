import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../../../../cli/client/create-client.ts'
import type { EngineClient } from '../../../../cli/client/engine-client.ts'

/** A server that speaks just enough HTTP to show what the client does with it. */
async function withServer(run: (client: EngineClient, server: Server) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-client-'))
  const socketPath = join(folder, 'engine.sock')
  const server = createServer((request, response) => {
    response.setHeader('Api-Version', '1.47')
    if (request.url === '/_ping') response.setHeader('Server', 'Berth/9').end()
    else if (request.url === '/v1.47/fail') response.writeHead(409).end('{"message":"name in use"}')
    else if (request.url === '/v1.47/page') response.writeHead(502).end('<html>')
    else if (request.url === '/v1.47/hang') response.flushHeaders()
    else response.end(JSON.stringify({ url: request.url, method: request.method }))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst',
    )
    socket.on('data', data => socket.write(`${request.url}<${data}>`))
    socket.on('end', () => socket.end('bye'))
    if (head.length > 0) socket.unshift(head)
  })
  await new Promise<void>(resolve => server.listen(socketPath, resolve))
  const client = createClient({ kind: 'unix', text: `unix://${socketPath}`, socketPath })
  try {
    await run(client, server)
  } finally {
    client.close()
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  }
}

test('requests carry the negotiated version and only the parameters that are set', () =>
  withServer(async client => {
    assert.deepEqual(
      await client.json({ method: 'GET', path: '/x', query: { all: true, tail: undefined, f: '{"a":1}' } }),
      {
        url: '/v1.47/x?all=1&f=%7B%22a%22%3A1%7D',
        method: 'GET',
      },
    )
    assert.deepEqual(await client.facts(), { apiVersion: '1.47', isBerth: true, osType: 'linux' })
    assert.deepEqual(await client.json({ method: 'GET', path: '/berth/v1/oom' }), {
      url: '/berth/v1/oom',
      method: 'GET',
    })
  }))

test('an error answer becomes an error with its message and the code of its status', () =>
  withServer(async client => {
    await assert.rejects(client.json({ method: 'POST', path: '/fail' }), { code: 'CONFLICT', message: 'name in use' })
    await assert.rejects(client.json({ method: 'GET', path: '/page' }), { code: 'INTERNAL', message: '<html>' })
  }))

test('aborting ends a call that has no answer yet', () =>
  withServer(async client => {
    const controller = new AbortController()
    const { body } = await client.stream({ method: 'GET', path: '/hang', signal: controller.signal })
    setImmediate(() => controller.abort())
    await assert.rejects(async () => {
      for await (const _ of body) assert.fail('nothing was sent')
    })
  }))

test('a hijacked connection carries bytes both ways, those sent with the head too, and half-closes', () =>
  withServer(async client => {
    const { socket, isMultiplexed } = await client.hijack({ method: 'POST', path: '/attach' })
    assert.equal(isMultiplexed, true)
    socket.end('in')
    let read = ''
    for await (const chunk of socket) read += chunk
    assert.equal(read, 'first/v1.47/attach<in>bye')
  }))

test('no engine at the socket: one sentence that says what to do', async () => {
  const client = createClient({ kind: 'unix', text: 'unix:///nonexistent/x.sock', socketPath: '/nonexistent/x.sock' })
  await assert.rejects(client.facts(), {
    code: 'UNAVAILABLE',
    message: 'no engine answers at unix:///nonexistent/x.sock',
  })
})
