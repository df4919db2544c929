import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get, noContent, post } from '../../../../engine/http/route.ts'
import { createRouter } from '../../../../engine/http/router.ts'
import { splitVersion } from '../../../../engine/http/version.ts'

const router = createRouter([
  get('/containers/json', () => noContent),
  get('/containers/{id}/json', () => noContent),
  post('/containers/{id}/start', () => noContent),
  get('/images/{name...}/json', () => noContent),
  get('/_ping', () => noContent),
])
const match = (method: string, path: string) => {
  const found = router(method, path)
  return typeof found === 'string' ? found : [found.route.path, found.params]
}

test('literal parts, one segment, and names with slashes', () => {
  assert.deepEqual(match('GET', '/containers/json'), ['/containers/json', {}])
  assert.deepEqual(match('GET', '/containers/a%2Fb/json'), ['/containers/{id}/json', { id: 'a/b' }])
  assert.deepEqual(match('GET', '/images/docker.io/library/x:1/json'), [
    '/images/{name...}/json',
    { name: 'docker.io/library/x:1' },
  ])
  assert.deepEqual(match('GET', '/_ping'), ['/_ping', {}])
})

test('what is unknown, and what is known by another method', () => {
  assert.equal(match('GET', '/nonesuch'), 'no-path')
  assert.equal(match('GET', '/containers/a/b/json'), 'no-path')
  assert.equal(match('GET', '/containers/a/start'), 'no-method')
  assert.equal(match('GET', '/containersXjson'), 'no-path')
})

test('versions: dockerd texts outside of the range, none means the newest', () => {
  assert.deepEqual(splitVersion('/v1.43/containers/json'), {
    version: { major: 1, minor: 43 },
    path: '/containers/json',
  })
  assert.deepEqual(splitVersion('/version'), { version: { major: 1, minor: 51 }, path: '/version' })
  assert.throws(() => splitVersion('/v1.23/info'), {
    message:
      'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
  })
  assert.throws(() => splitVersion('/v1.52/info'), {
    message: 'client version 1.52 is too new. Maximum supported API version is 1.51',
  })
})
