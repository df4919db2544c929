import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as z from 'zod/mini'
import { get, ok, post } from '../../../../engine/http/route.ts'
import { ApiServer } from '../../../../engine/http/server.ts'
import { BerthError } from '../../../../schemas/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-http-'))
const path = join(folder, 'api.sock')
const logged: object[] = []
const log = { error: (fields: object) => logged.push(fields), warn: () => {}, info: () => {}, debug: () => {} }
let calls = 0
let server: ApiServer

before(async () => {
  server = new ApiServer({
    version: '0',
    log,
    routes: [
      get('/ok', () => ok({ fine: true })),
      get('/evil', () => {
        calls++
        return ok({})
      }),
      post('/echo', async context => ok(await context.readJson(z.object({ text: z.string() })))),
      get('/defect', () => {
        throw new TypeError('undefined is not a container')
      }),
      post('/gone', () => {
        throw new BerthError('NOT_FOUND', 'No such container: x')
      }),
      post('/hijack', async context => {
        const { text } = await context.readJson(z.object({ text: z.string() }))
        const stream = context.hijack('application/vnd.docker.raw-stream')
        stream.write(`${text}:`)
        stream.pipe(stream)
        return undefined
      }),
    ],
  })
  await server.listen({ kind: 'unix', path, group: 'berth' })
})
after(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Sends the pieces one after another, half-closes, and gives everything that came back. */
async function talk(...pieces: readonly string[]): Promise<string> {
  const socket: Socket = createConnection({ path, allowHalfOpen: true })
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  await once(socket, 'connect')
  for (const piece of pieces) await new Promise<void>(resolve => socket.write(piece, () => setImmediate(resolve)))
  socket.end()
  await once(socket, 'close')
  return answer
}

const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const upgrade = (body: string, more = ''): string =>
  `POST /v1.51/hijack HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}${more}`

test('an answer carries the headers that clients negotiate by', async () => {
  const answer = await talk('GET /v1.43/ok HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n')
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/)
  for (const header of [
    'Api-Version: 1.51',
    'Ostype: linux',
    'Server: Berth/0 (linux)',
    'Content-Type: application/json',
  ]) {
    assert.ok(answer.includes(`${header}\r\n`), header)
  }
})

test('errors: one table of statuses, a body with a message, defects are logged and known failures are not', async () => {
  logged.length = 0
  assert.match(
    await talk('POST /gone HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1.1 404 [\s\S]*"No such container: x"/,
  )
  assert.match(
    await talk('GET /none HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1.1 404 [\s\S]*"page not found"/,
  )
  assert.match(
    await talk('GET /v1.99/ok HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1.1 400 [\s\S]*is too new/,
  )
  assert.equal(logged.length, 0)
  assert.match(await talk('GET /defect HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 500 /)
  assert.equal(logged.length, 1)
})

test('a body that does not fit says which member, what was expected and what was found', async () => {
  const send = (body: string) =>
    talk(
      `POST /echo HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
  assert.match(await send('{"text":"x"}'), /^HTTP\/1.1 200 [\s\S]*\{"text":"x"\}/)
  assert.match(
    await send('{"text":5}'),
    /^HTTP\/1.1 400 [\s\S]*json: cannot unmarshal number[ \w]* into Go struct field .text of type string/,
  )
  assert.match(await send('{"text":'), /^HTTP\/1.1 400 [\s\S]*invalid JSON: unexpected EOF/)
})

test('headers are bounded', async () => {
  const answer = await talk(`GET /ok HTTP/1.1\r\nHost: d\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`)
  assert.match(answer, /^HTTP\/1.1 431 /)
})

test('a hijack keeps the body out of the stream and the first of the stream out of the body, however they are cut', async () => {
  const request = upgrade('{"text":"body"}', 'first')
  for (let cut = 1; cut < request.length; cut += 7) {
    const answer = await talk(request.slice(0, cut), request.slice(cut), ' second')
    assert.match(answer, /^HTTP\/1.1 101 UPGRADED\r\n/, `cut at ${cut}`)
    assert.equal(bodyOf(answer), 'body:first second', `cut at ${cut}`)
  }
})

test('a hijack without an Upgrade header answers 200, and its stream is never parsed as a request', async () => {
  const body = '{"text":"old"}'
  const socket = createConnection({ path, allowHalfOpen: true })
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
    // Such clients send input once they have seen the answer.
    if (bodyOf(answer) === 'old:') socket.end('GET /evil HTTP/1.1\r\nHost: d\r\n\r\n')
  })
  socket.write(
    `POST /v1.51/hijack HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await once(socket, 'close')
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/)
  assert.equal(bodyOf(answer), 'old:GET /evil HTTP/1.1\r\nHost: d\r\n\r\n')
  assert.equal(calls, 0)
})

test('a failure before the hijack is an ordinary answer, and other upgrades are refused as unknown paths', async () => {
  assert.match(
    await talk(upgrade('{"text":1}')),
    /^HTTP\/1.1 400 [\s\S]*json: cannot unmarshal number[ \w]* into Go struct field .text of type string/,
  )
  const h2c = await talk('POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  assert.match(h2c, /^HTTP\/1.1 404 /)
  const chunked =
    'POST /hijack HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  assert.match(await talk(chunked), /^HTTP\/1.1 400 /)
})
