import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageHistoryItem, ImageInspect } from '../../../schemas/api/images.ts'
import { onEngines } from '../../support/api-engine.ts'
import { tar } from '../../support/tar-writer.ts'

const shell = (script: string): string[] => ['busybox', 'sh', '-c', script]

onEngines('commit', engine => {
  test('what a container wrote becomes an image that runs', async () => {
    const api = engine()
    const id = await api.create('source', shell('echo kept >/kept; busybox rm /bin/sh; mkdir -p /vol'), {
      Env: ['MINE=1'],
      HostConfig: { Binds: [`${api.unique('vol')}:/vol`] },
    })
    assert.equal(await api.finish(id), 0)
    const changes = ['CMD ["busybox","cat","/kept"]', 'ENV A=b C="d e"', 'EXPOSE 80 90/udp', 'LABEL x=y', 'WORKDIR /w']
    const query = changes.map(text => `&changes=${encodeURIComponent(text)}`).join('')
    const name = api.unique('image')
    const { Id } = await api.call<{ Id: string }>(
      'POST',
      `/commit?container=${id}&repo=${name}&tag=2&comment=why&author=who${query}`,
    )
    try {
      const image = await api.call<ImageInspect>('GET', `/images/${name}:2/json`)
      assert.equal(image.Id, Id)
      assert.deepEqual([image.Author, image.Comment, image.RootFS.Layers?.length], ['who', 'why', 2])
      assert.deepEqual(image.Config?.Cmd, ['busybox', 'cat', '/kept'])
      assert.deepEqual([...(image.Config?.Env ?? [])].sort(), ['A=b', 'C=d e', 'MINE=1', 'PATH=/bin'])
      assert.deepEqual(image.Config?.ExposedPorts, { '80/tcp': {}, '90/udp': {} })
      assert.deepEqual(image.Config?.Labels, { part: 'test', x: 'y' })
      assert.equal(image.Config?.WorkingDir, '/w')
      const [newest] = await api.call<ImageHistoryItem[]>('GET', `/images/${name}:2/history`)
      assert.equal(newest?.Comment, 'why')
      const copy = await api.create('copy', [], { Image: `${name}:2` })
      assert.equal(await api.finish(copy), 0)
      assert.match((await api.request('GET', `/containers/${copy}/logs?stdout=1`)).text, /kept\n$/)
      const gone = await api.request('HEAD', `/containers/${copy}/archive?path=/bin/sh`)
      assert.equal(gone.status, 404)
      await api.call('DELETE', `/containers/${copy}`)
    } finally {
      await api.request('DELETE', `/images/${Id}?force=1`)
    }
  })

  test('a running container is frozen meanwhile and goes on', async () => {
    const api = engine()
    const id = await api.run('running', ['busybox', 'sleep', '1000'])
    await api.request('PUT', `/containers/${id}/archive?path=/`, tar({ name: 'put', content: '1' }))
    const since = Date.now() / 1000 - 1
    const { Id } = await api.call<{ Id: string }>('POST', `/commit?container=${id}`, null)
    const filters = encodeURIComponent(JSON.stringify({ container: [id] }))
    const { text } = await api.request('GET', `/events?since=${since}&until=${Date.now() / 1000}&filters=${filters}`)
    const actions = text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line).Action as string]))
    assert.deepEqual(actions.slice(-3), ['pause', 'commit', 'unpause'])
    await api.call('DELETE', `/images/${Id}`)
  })

  test('refusals', async () => {
    const api = engine()
    const id = await api.create('refused', ['true'])
    const missing = await api.request('POST', '/commit?container=nope-nope')
    assert.deepEqual([missing.status, missing.message], [404, 'No such container: nope-nope'])
    const change = await api.request('POST', `/commit?container=${id}&changes=RUN%20x`)
    assert.deepEqual([change.status, change.message], [400, 'RUN is not a valid change command'])
  })
})
