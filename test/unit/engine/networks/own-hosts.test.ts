import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownHosts } from '../../../../engine/networks/own-hosts.ts'

const namesOf = (hostname: string, domainname?: string): readonly string[] | undefined =>
  ownHosts({ hostname, ...(domainname === undefined ? {} : { domainname }) }, [{ addresses: ['10.0.0.2/24'] }])[0]
    ?.names

test('a container is in its hosts file by its whole name and by its first label', () => {
  assert.deepEqual(namesOf('web'), ['web'])
  assert.deepEqual(namesOf('web', 'example.org'), ['web.example.org', 'web'])
  assert.deepEqual(namesOf('web.example.org'), ['web.example.org', 'web'])
  const both = ownHosts({ hostname: 'web' }, [{ addresses: ['10.0.0.2/24', 'fd00::2/64'] }])
  assert.deepEqual(
    both.map(({ address }) => address),
    ['10.0.0.2', 'fd00::2'],
  )
})
