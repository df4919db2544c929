import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

onEngines('images for older clients, and for platforms', engine => {
  test('inspect has the members of its version', async () => {
    const api = engine()
    const membersOf = async (version: string): Promise<readonly boolean[]> => {
      const image = await api.call<Record<string, object>>('GET', `/v${version}/images/${api.image}/json`)
      return ['ContainerConfig' in image, 'AttachStdin' in (image['Config'] ?? {}), 'Cmd' in (image['Config'] ?? {})]
    }
    assert.deepEqual(await membersOf('1.44'), [true, true, true])
    assert.deepEqual(await membersOf('1.45'), [false, true, true])
    assert.deepEqual(await membersOf('1.49'), [false, true, true])
    assert.deepEqual(await membersOf('1.50'), [false, false, true])
    const old = await api.request('GET', `/v1.47/images/${api.image}/json`)
    assert.equal('Descriptor' in (old.json as object), false)
  })

  test('create takes the image for the platform that was asked for, and no other', async () => {
    const api = engine()
    const make = async (name: string, platform: string): Promise<string> => {
      const path = `/containers/create?name=${api.unique(name)}&platform=${encodeURIComponent(platform)}`
      const { status, message } = await api.request('POST', path, { Image: api.image, Cmd: ['true'] })
      return `${status} ${message.replace(api.image, 'IMAGE')}`.trim()
    }
    assert.equal(await make('same', 'linux/amd64'), '201')
    assert.equal(await make('os', 'linux'), '201')
    const found = 'image with reference IMAGE was found but its platform (linux/amd64)'
    assert.equal(await make('other', 'linux/arm64'), `404 ${found} does not match the specified platform (linux/arm64)`)
    assert.equal(
      await make('wrong', 'nope/x/y/z'),
      '400 "nope/x/y/z": cannot parse platform specifier: invalid argument',
    )
  })
})
