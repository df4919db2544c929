import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'

onEngines('outside of a swarm', engine => {
  test('Swarm’s paths say that there is none', async () => {
    const kinds = ['nodes', 'services', 'secrets', 'configs', 'tasks']
    const reading = ['/swarm', '/swarm/unlockkey', ...kinds.flatMap(kind => [`/${kind}`, `/${kind}/x`])]
    const requests = [
      ...reading.map(path => ['GET', path] as const),
      ...kinds.slice(0, 4).map(kind => ['DELETE', `/${kind}/x`] as const),
      ...kinds.slice(0, 4).map(kind => ['POST', `/${kind}/x/update?version=1`] as const),
      ...kinds.slice(1, 4).map(kind => ['POST', `/${kind}/create`] as const),
      ['POST', '/swarm/update?version=1'] as const,
      ['POST', '/swarm/unlock'] as const,
    ]
    for (const [method, path] of requests) {
      const answer = await engine().request(method, path, method === 'POST' ? {} : undefined)
      assert.deepEqual([answer.status, answer.message], [503, notManager], `${method} ${path}`)
    }
    const left = await engine().request('POST', '/swarm/leave', {})
    assert.deepEqual([left.status, left.message], [503, 'This node is not part of a swarm'])
  })

  test('there are no plugins', async () => {
    const api = engine()
    assert.deepEqual(await api.call('GET', '/plugins'), [])
    for (const [method, path] of [
      ['GET', '/plugins/x/json'],
      ['DELETE', '/plugins/x'],
      ['POST', '/plugins/x/disable'],
      ['POST', '/plugins/x/push'],
    ] as const) {
      const answer = await api.request(method, path)
      assert.deepEqual([answer.status, answer.message], [404, 'plugin "x" not found'], `${method} ${path}`)
    }
  })

  test('a session needs an upgrade', async () => {
    const answer = await engine().request('POST', '/session')
    assert.deepEqual([answer.status, answer.message], [400, 'no upgrade proto in request'])
  })
})
