import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Engine, engines } from '../../support/engines.ts'
import { Stack } from './stack.ts'

const file = `
services:
  stays: {image: IMAGE, init: true, command: [sleep, "1000"]}
  exit: {image: IMAGE, command: ["true"], depends_on: [stays]}
  fail: {image: IMAGE, command: [sh, -c, "echo last words; exit 11"], depends_on: {exit: {condition: service_completed_successfully}}}
`

for (const { name, start } of engines) {
  describe(`ends of containers (${name})`, () => {
    let engine: Engine
    before(async () => {
      engine = await start()
    })
    after(() => engine[Symbol.asyncDispose]())

    test('an attached up returns what its flags ask for, also of what ended before its output was shown', async () => {
      await using stack = new Stack(engine, `name: t-ends\n${file}`)
      const exit = await stack.run(['up', '--abort-on-container-exit', '-t', '0'])
      assert.equal(exit.code, 0, exit.stderr)
      assert.match(exit.stdout, /exit-1 exited with code 0\n/)
      assert.match(exit.stderr, /Aborting on container exit\.\.\./)
      const failure = await stack.run(['up', '--abort-on-container-failure', '-t', '0'])
      assert.equal(failure.code, 11, failure.stderr)
      assert.match(failure.stdout, /fail-1 +\| last words\n/)
      const from = await stack.run(['up', '--exit-code-from', 'fail', '-t', '0'])
      assert.equal(from.code, 11, from.stderr)
    })

    test('a dependency that is not required and fails is told, and is no failure', async () => {
      const optional = `
name: t-optional
services:
  bad: {image: IMAGE, command: ["false"]}
  web: {image: IMAGE, init: true, command: [sleep, "1000"], depends_on: {bad: {condition: service_completed_successfully, required: false}}}
`
      await using stack = new Stack(engine, optional)
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 0, stderr)
      assert.match(stderr, /optional dependency "bad" didn't complete successfully: exit 1/)
      assert.equal((await stack.states())['t-optional-web-1'], 'running')
    })

    test('an image is taken for the platform that it is for, and is missing for another', async () => {
      const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/x86_64'
      const text = (platform: string): string => `
name: t-platform
services: {web: {platform: ${platform}, build: {context: ., dockerfile_inline: "FROM scratch\\nCOPY stack.yaml /\\nCMD [\\"/nothing\\"]\\n"}}}
`
      await using stack = new Stack(engine, text(own))
      await stack.ok('create')
      assert.deepEqual(await stack.states(), { 't-platform-web-1': 'created' })
      stack.write(text('linux/s390x'))
      const { code, stderr } = await stack.run(['create', '--no-build'])
      assert.notEqual(code, 0)
      assert.match(stderr, /has no image t-platform-web for linux\/s390x, and building is off/)
      await stack.ok('create')
      assert.match(await stack.ok('image', 'inspect', 't-platform-web'), /"Architecture": "s390x"/)
      await stack.ok('down', '--rmi', 'all')
    })

    test('names with _ where Compose 1 is to be imitated; orphans by variables of .env', async () => {
      await using stack = new Stack(
        engine,
        'name: t-old\nservices: {a: {image: IMAGE, init: true, command: [sleep, "1000"]}, b: {image: IMAGE, init: true, command: [sleep, "1000"]}}\n',
      )
      await stack.ok('--compatibility', 'up', '-d')
      assert.deepEqual(Object.keys(await stack.states()), ['t-old_a_1', 't-old_b_1'])
      stack.write('name: t-old\nservices: {a: {image: IMAGE, init: true, command: [sleep, "1000"]}}\n')
      stack.writeFile('.env', 'COMPOSE_COMPATIBILITY=true\nCOMPOSE_IGNORE_ORPHANS=true\n')
      assert.doesNotMatch((await stack.run(['up', '-d'])).stderr, /orphan/i)
      stack.writeFile('.env', 'COMPOSE_COMPATIBILITY=true\n')
      assert.match((await stack.run(['up', '-d'])).stderr, /Found orphan containers \(t-old_b_1\)/)
      stack.writeFile('.env', 'COMPOSE_COMPATIBILITY=true\nCOMPOSE_REMOVE_ORPHANS=true\n')
      await stack.ok('up', '-d', '-t', '0')
      assert.deepEqual(Object.keys(await stack.states()), ['t-old_a_1'])
    })
  })
}
