import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageHistoryItem, ImageInspect } from '../../../schemas/api/images.ts'
import { onEngines } from '../../support/api-engine.ts'
import { build } from '../../support/build.ts'

onEngines('build', engine => {
  test('RUN, COPY and configuration make an image that runs', async () => {
    const api = engine()
    const name = `${api.unique('built')}:1`
    const dockerfile = [
      'FROM {BASE}',
      'ARG VERSION=1',
      'ENV A="x y" B=$VERSION',
      'WORKDIR /srv/app',
      'RUN echo "$A $B $VERSION" > said && busybox id -u >> said',
      'COPY hello .',
      'LABEL a=b',
      'EXPOSE 80',
      'CMD ["busybox", "cat", "said"]',
    ].join('\n')
    const answer = await build(api, dockerfile, {
      files: [{ name: 'hello', content: 'hi' }],
      query: { t: name, buildargs: '{"VERSION":"2"}', labels: '{"c":"d"}' },
    })
    assert.equal(answer.error, '', answer.text)
    try {
      assert.match(answer.text, /Step 1\/\d+ : FROM/)
      assert.match(answer.text, /Successfully built [0-9a-f]{12}\n/)
      const image = await api.call<ImageInspect>('GET', `/images/${name}/json`)
      assert.deepEqual(image.Config?.Cmd, ['busybox', 'cat', 'said'])
      assert.deepEqual(image.Config?.Env, ['PATH=/bin', 'A=x y', 'B=2'])
      assert.equal(image.Config?.WorkingDir, '/srv/app')
      assert.deepEqual(image.Config?.Labels, { a: 'b', c: 'd', part: 'test' })
      const id = await api.create('run', [], { Image: name })
      assert.equal(await api.finish(id), 0)
      assert.match((await api.request('GET', `/containers/${id}/logs?stdout=1`)).text, /x y 2 2\n.*0\n/s)
      const history = await api.call<ImageHistoryItem[]>('GET', `/images/${name}/history`)
      assert.ok(history.length >= 9)
    } finally {
      await api.request('DELETE', `/images/${name}?force=1`)
    }
  })

  test('a failing RUN gives its exit code', async () => {
    const answer = await build(engine(), 'FROM {BASE}\nRUN echo why; exit 7')
    assert.match(answer.error, /returned a non-zero code: 7/)
    assert.equal(answer.code, 7)
    assert.match(answer.text, /why/)
  })
})
