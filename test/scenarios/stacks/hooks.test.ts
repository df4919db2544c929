import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Engine, engines } from '../../support/engines.ts'
import { Stack } from './stack.ts'

for (const { name, start } of engines) {
  describe(`hooks on ${name}`, () => {
    let engine: Engine
    before(async () => {
      engine = await start()
    })
    after(() => engine[Symbol.asyncDispose]())

    const stackWith = (hooks: string) => `
name: t-hooks
services:
  web:
    image: IMAGE
    init: true
    command: [sleep, "1000"]
    volumes: ["kept:/kept"]
${hooks}
  reader: {image: IMAGE, init: true, command: [sleep, "1000"], volumes: ["kept:/kept"]}
volumes: {kept: {}}
`

    test('post_start runs in the container with its own variables, before up is done; pre_stop before the stop', async () => {
      await using stack = new Stack(
        engine,
        stackWith(`    post_start: [{command: [sh, -c, "echo $$WORD > /kept/started"], environment: {WORD: hello}}]
    pre_stop: [{command: [sh, -c, "cp /kept/started /kept/stopped"]}]`),
      )
      await stack.ok('up', '-d')
      assert.equal(await stack.ok('exec', '-T', 'reader', 'cat', '/kept/started'), 'hello\n')
      await stack.ok('stop', '-t', '0', 'web')
      assert.equal(await stack.ok('exec', '-T', 'reader', 'cat', '/kept/stopped'), 'hello\n')
    })

    test('a hook that fails is told with its code and what it wrote', async () => {
      await using stack = new Stack(
        engine,
        stackWith('    post_start: [{command: [sh, -c, "echo no luck >&2; exit 7"]}]'),
      )
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 1)
      assert.match(stderr, /post_start .*: web hook exited with status 7: no luck/)
    })
  })
}
