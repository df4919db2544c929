import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

const paths = ['/containers/create', '/containers/nobody/exec', '/containers/nobody/update', '/exec/nothing/start']
  .concat(['/networks/create', '/networks/nothing/connect', '/networks/nothing/disconnect'])
  .concat(['/volumes/create', '/commit?container=nobody'])

onEngines('JSON bodies', engine => {
  const send = (path: string, text: string, type = 'application/json') =>
    engine().request('POST', path, Buffer.from(text), { 'Content-Type': type })

  test('every path says in the same words what is wrong with a body', async () => {
    for (const path of paths) {
      const cases: [string, string, string][] = [
        ['{}', 'text/plain', "unsupported Content-Type header (text/plain): must be 'application/json'"],
        [
          '{invalid',
          'application/json',
          "invalid JSON: invalid character 'i' looking for beginning of object key string",
        ],
        ['{"a":', 'application/json; charset=utf-8', 'invalid JSON: unexpected EOF'],
      ]
      for (const [text, type, message] of cases) {
        const answer = await send(path, text, type)
        assert.deepEqual([answer.status, answer.message], [400, message], `${path} ${text} ${type}`)
      }
      const trailing = await send(path, '{} trailing content')
      assert.equal(trailing.status, 400, path)
      if (path !== '/containers/create') assert.equal(trailing.message, 'unexpected content after JSON', path)
    }
  })

  test('a member of the wrong type is named', async () => {
    const wrong = await send('/containers/create', `{"Image":"${engine().image}","HostConfig":{"Memory":"1"}}`)
    assert.equal(wrong.status, 400)
    assert.match(
      wrong.message,
      /^invalid JSON: json: cannot unmarshal string into Go struct field .*HostConfig\.Memory/,
    )
    const fraction = await send('/containers/create', `{"Image":"${engine().image}","HostConfig":{"Memory":1.5}}`)
    assert.match(fraction.message, /^invalid JSON: json: cannot unmarshal number 1\.5 into Go struct field/)
  })

  test('nothing is no mistake of JSON', async () => {
    for (const text of ['null', '{}']) {
      assert.equal((await send('/networks/create', text)).message, 'invalid name: name is empty')
      assert.equal(
        (await send('/containers/create', text)).message,
        'config cannot be empty in order to create a container',
      )
    }
  })
})
