import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Distribution } from '../../../../cli/registry/distribution.ts'
import { request } from '../../../../cli/registry/request.ts'
import { startLoopback } from '../../../support/loopback-server.ts'

const { signal } = new AbortController()

test('a server that says nothing is given up', async () => {
  await using silent = await startLoopback(() => {})
  const url = new URL(`http://${silent.host}/v2/`)
  await assert.rejects(request(url, { certificateFile: undefined, signal, idleTimeoutMs: 50 }), /no answer for 0\.05 s/)
})

test('a token that is no JSON is no token: the registry refuses, and says where to log in', async () => {
  await using server = await startLoopback((asked, response) => {
    if (asked.url?.startsWith('/token') === true) return void response.end('<html>')
    const challenge = `Bearer realm="http://${asked.headers.host}/token",service="s"`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
  })
  const env = { HOME: '/nonexistent', DOCKER_CONFIG: '/nonexistent' }
  const registry = await Distribution.open(env, `${server.host}/stack:1`, 'pull', signal)
  await assert.rejects(registry.manifest(['*/*']), { code: 'FORBIDDEN' })
})
