import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import WebSocket from 'ws'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'

/** Everything that comes until the engine closes. */
async function attach(engine: ApiEngine, id: string, query: string, onOpen: (client: WebSocket) => void) {
  const client = new WebSocket(`ws+unix://${engine.socket}:/containers/${id}/attach/ws?${query}`)
  const chunks: Buffer[] = []
  client.on('message', (data: Buffer) => chunks.push(data))
  await once(client, 'open')
  onOpen(client)
  await once(client, 'close')
  return Buffer.concat(chunks).toString()
}

onEngines('attach over WebSocket', engine => {
  test('both outputs come as one, and input goes the other way', async () => {
    const api = engine()
    const script = 'read line; echo "out $line"; echo "err $line" >&2'
    const id = await api.create('ws', ['busybox', 'sh', '-c', script], { OpenStdin: true, StdinOnce: true })
    const started = api.call('POST', `/containers/${id}/start`)
    await started
    const text = await attach(api, id, 'stream=1&stdin=1&stdout=1&stderr=1', client => client.send('hello\n'))
    assert.deepEqual(text.split('\n').sort(), ['', 'err hello', 'out hello'])
  })

  test('a terminal’s bytes are as they come', async () => {
    const api = engine()
    const id = await api.run('tty', ['busybox', 'sh', '-c', 'read line; echo "got $line"'], {
      OpenStdin: true,
      Tty: true,
    })
    const text = await attach(api, id, 'stream=1&stdin=1&stdout=1', client => client.send('x\n'))
    assert.match(text, /got x\r\n$/)
  })

  test('a request that is no handshake is refused', async () => {
    const api = engine()
    const id = await api.create('plain', ['true'])
    assert.equal((await api.request('GET', `/containers/${id}/attach/ws`)).status, 400)
  })
})
