import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Engine, engines } from '../../support/engines.ts'
import { Stack } from './stack.ts'

/** Keeps a file per service as its resource, and what it was called with. */
const program = (folder: string): string => `#!/bin/sh
echo "$@" >> ${folder}/calls
[ "$2" = metadata ] && { cat ${folder}/metadata 2>/dev/null; exit $?; }
for service; do :; done
case "$3" in
  up)
    echo '{"type": "info", "message": "making a '"$service"'"}'
    echo '{"type": "debug", "message": "nobody sees this"}'
    echo '{"type": "setenv", "message": "URL=made://'"$service"'?a=b"}'
    touch ${folder}/$service ;;
  down) rm ${folder}/$service ;;
esac
`

const file = (options = 'options: {size: 12, name: [x, y]}'): string => `
name: t-provided
services:
  app: {image: IMAGE, init: true, stop_grace_period: 1s, command: [sleep, "1000"], depends_on: [data]}
  other: {image: IMAGE, init: true, stop_grace_period: 1s, command: [sleep, "1000"]}
  data: {provider: {type: t-maker, ${options}}}
`

for (const { name, start } of engines) {
  describe(`providers (${name})`, () => {
    let engine: Engine
    before(async () => {
      engine = await start()
    })
    after(() => engine[Symbol.asyncDispose]())

    function stackWith(text: string): Stack {
      const stack = new Stack(engine, text)
      const plugins = join(stack.folder, '.docker', 'cli-plugins')
      mkdirSync(plugins, { recursive: true })
      stack.writeFile('.docker/cli-plugins/docker-t-maker', program(stack.folder))
      chmodSync(join(plugins, 'docker-t-maker'), 0o755)
      return stack
    }
    const calls = (stack: Stack): readonly string[] =>
      readFileSync(join(stack.folder, 'calls'), 'utf8')
        .trim()
        .split('\n')
        .filter(line => line !== 'compose metadata')

    test('a provider is called with its options; what it sets is in those who depend on it; down calls it again', async () => {
      await using stack = stackWith(file())
      const up = await stack.run(['up', '-d'])
      assert.equal(up.code, 0, up.stderr)
      assert.match(up.stderr, /Provider data {2}Creating {2}making a data[\s\S]*Provider data {2}Created/)
      assert.doesNotMatch(up.stderr, /nobody|provider.*warning/)
      assert.deepEqual(calls(stack), ['compose --project-name=t-provided up --name=x --name=y --size=12 data'])
      const environment = async (service: string) => (await stack.inspect(`t-provided-${service}-1`)).Config.Env ?? []
      assert.ok((await environment('app')).includes('DATA_URL=made://data?a=b'))
      assert.ok(!(await environment('other')).some(variable => variable.startsWith('DATA_')))
      // Nothing has changed, whether it is called again or not.
      const made = (await stack.inspect('t-provided-app-1')).Id
      assert.match(await stack.ok('plan', '--detailed-exitcode'), /nothing to do/)
      await stack.ok('up', '-d')
      assert.equal((await stack.inspect('t-provided-app-1')).Id, made)
      await stack.ok('down', '-t', '0')
      assert.match(calls(stack).at(-1) ?? '', /^compose --project-name=t-provided down --name=x .* data$/)
      assert.ok(!existsSync(join(stack.folder, 'data')))
    })

    test('what a program says of its options counts', async () => {
      await using stack = stackWith(file())
      const parameter = (each: string): string =>
        `{"description": "d", "up": {"parameters": [{"name": "name"}${each}]}}`
      stack.writeFile('metadata', parameter(''))
      await stack.ok('up', '-d', 'app')
      assert.deepEqual(calls(stack), ['compose --project-name=t-provided up --name=x --name=y data'])
      stack.writeFile('metadata', parameter(', {"name": "region", "required": true}'))
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 1)
      assert.match(stderr, /required parameter "region" is missing from provider "t-maker" definition/)
      stack.writeFile('metadata', '')
    })

    test('a failure is told with its reason, and nothing is made', async () => {
      await using stack = stackWith(file())
      stack.writeFile(
        '.docker/cli-plugins/docker-t-maker',
        '#!/bin/sh\n[ "$2" = metadata ] && exit 1\necho \'{"type": "error", "message": "quota exceeded"}\'\n',
      )
      const failed = await stack.run(['up', '-d'])
      assert.equal(failed.code, 1)
      assert.match(failed.stderr, /provider data: quota exceeded/)
      assert.deepEqual(await stack.states(), {})
      stack.writeFile('.docker/cli-plugins/docker-t-maker', '#!/bin/sh\necho hello\n')
      assert.match((await stack.run(['up', '-d'])).stderr, /invalid response from plugin: hello/)
      stack.write(file('').replace('t-maker', 't-nowhere'))
      assert.match((await stack.run(['up', '-d'])).stderr, /there is no program "t-nowhere" on the path/)
      stack.write('name: t-provided\nservices: {a: {image: IMAGE}}\n')
    })
  })
}
