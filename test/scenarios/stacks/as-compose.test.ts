import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Engine, engines } from '../../support/engines.ts'
import { Stack } from './stack.ts'

const sleeper = 'image: IMAGE, init: true, stop_grace_period: 1s, command: [sleep, "1000"]'

/** What scripts for docker compose count on; each was looked at on Compose 2.40. */
for (const { name, start } of engines) {
  describe(`as compose does it (${name})`, () => {
    let engine: Engine
    before(async () => {
      engine = await start()
    })
    after(() => engine[Symbol.asyncDispose]())

    test('up ends with the services that were named, though others are shown; stderr stays stderr', async () => {
      await using stack = new Stack(
        engine,
        `name: t-named\nservices: {db: {${sleeper}}, job: {image: IMAGE, depends_on: [db], command: [sh, -c, "echo out; echo err >&2"]}}\n`,
      )
      const { code, stdout, stderr } = await stack.run(['up', '--attach-dependencies', 'job'])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^job-1 +\| out$/m)
      assert.match(stdout, /^job-1 exited with code 0$/m)
      assert.match(stderr, /^job-1 +\| err$/m)
      assert.equal((await stack.states())['t-named-db-1'], 'running')
    })

    test('start takes dependencies along, restart who asks for it, stop tells what was stopped before', async () => {
      await using stack = new Stack(
        engine,
        `name: t-along\nservices: {db: {${sleeper}}, web: {${sleeper}, depends_on: {db: {condition: service_started, restart: true}}}, other: {${sleeper}, depends_on: [db]}}\n`,
      )
      await stack.ok('up', '-d')
      await stack.ok('stop', '-t', '0')
      const again = await stack.run(['stop', '-t=0', 'db'])
      assert.match(again.stderr, /Container t-along-db-1 {2}Stopped/)
      await stack.ok('-p', 't-along', 'start', 'web')
      const { 't-along-db-1': db, 't-along-other-1': other } = await stack.states()
      assert.deepEqual({ db, other }, { db: 'running', other: 'exited' })
      const restart = await stack.run(['restart', '-t', '0', 'db'])
      assert.match(restart.stderr, /db-1 {2}Started[\s\S]*web-1 {2}Started/)
      assert.doesNotMatch(restart.stderr, /other/)
      assert.doesNotMatch((await stack.run(['restart', '--no-deps', '-t', '0', 'db'])).stderr, /web/)
    })

    test('what no container can have is refused before anything is made', async () => {
      await using stack = new Stack(
        engine,
        'name: t-refused\nservices: {a: {image: IMAGE, container_name: t-one}, b: {image: IMAGE, container_name: t-one, healthcheck: {test: ["CMD", "true"], start_interval: 1s}}}\n',
      )
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 1)
      assert.match(stderr, /container name "t-one" is already in use by service a/)
      assert.match(stderr, /healthcheck\.start_interval requires healthcheck\.start_period to be set/)
      assert.deepEqual(await stack.states(), {})
    })

    test('files of services that a command is not about need not be there', async () => {
      await using stack = new Stack(
        engine,
        `name: t-files\nservices: {a: {${sleeper}}, b: {${sleeper}, env_file: gone.env, secrets: [s]}}\nsecrets: {s: {environment: T_GONE}}\n`,
      )
      await stack.ok('up', '-d', 'a')
      assert.deepEqual(await stack.states(), { 't-files-a-1': 'running' })
      assert.match((await stack.run(['up', '-d'])).stderr, /gone\.env/)
    })

    test('a variable without a value is taken out; run and exec pass on only what there is', async () => {
      const loop = 'command: [sh, -c, "trap exit TERM; while sleep 0.1; do :; done"]'
      await using stack = new Stack(
        engine,
        `name: t-unset\nservices: {a: {image: IMAGE, environment: [HOME, ONE=1], ${loop}}}\n`,
      )
      stack.writeFile('.env', 'TWO=2\n')
      const printed = await stack.ok(
        'run',
        '--rm',
        '-T',
        '-e',
        'ONE',
        '-e',
        'TWO',
        '-e',
        'THREE',
        'a',
        'sh',
        '-c',
        'echo $ONE $TWO ${THREE-unset}',
      )
      assert.equal(printed, '1 2 unset\n')
      await stack.ok('run', '-d', 'a', 'sh', '-c', 'cat; exit 1')
      assert.equal(await stack.ok('exec', '-T', '-e', 'THREE', 'a', 'sh', '-c', 'echo ${THREE-unset}'), 'unset\n')
      const unknown = await stack.run(['exec', '-T', '--index', '1', 'a', 'true'])
      assert.match(unknown.stderr, /service "a" is not running container #1/)
      assert.equal((await stack.run(['pause', 'nobody'])).code, 0)
    })

    test('containers that have ended of run are told as orphans', async () => {
      await using stack = new Stack(engine, 'name: t-oneoff\nservices: {a: {image: IMAGE, command: ["true"]}}\n')
      await stack.ok('run', 'a')
      assert.match((await stack.run(['run', '--rm', 'a'])).stderr, /Found orphan containers \(t-oneoff-a-run-/)
    })

    test('a failing hook is an error with its service and status, also where nothing is waited for', async () => {
      const hook = (what: string): string => `${what}: [{command: [sh, -c, "echo bad news; exit 3"]}]`
      await using stack = new Stack(
        engine,
        `name: t-hook\nservices: {a: {${sleeper}, ${hook('pre_stop')}}, b: {${sleeper}, ${hook('post_start')}}}\n`,
      )
      const up = await stack.run(['up', '-d'])
      assert.equal(up.code, 1)
      assert.match(up.stderr, /post_start .*: b hook exited with status 3: bad news/)
      const down = await stack.run(['down', '-t', '0'])
      assert.equal(down.code, 1)
      assert.match(down.stderr, /pre_stop .*: a hook exited with status 3: bad news/)
      stack.write(`name: t-hook\nservices: {a: {${sleeper}}, b: {${sleeper}}}\n`)
    })

    test('volumes_from waits for the container that it names', async () => {
      await using stack = new Stack(
        engine,
        `name: t-from\nservices: {app: {${sleeper}, volumes_from: [db]}, db: {${sleeper}, volumes: [/srv]}}\n`,
      )
      await stack.ok('up', '-d')
      const [app, db] = await Promise.all(['app', 'db'].map(each => stack.inspect(`t-from-${each}-1`)))
      assert.equal(app?.Mounts[0]?.Name, db?.Mounts[0]?.Name)
      await stack.ok('stop', '-t', '0', 'db')
      await stack.ok('rm', '-f', 'db')
      const alone = await stack.run(['up', '-d', '--no-deps', 'app'])
      assert.equal(alone.code, 1)
      assert.match(alone.stderr, /cannot share volume with service db: container missing/)
    })

    test('what builds say is output, once; images of services go with --rmi, containers or not', async () => {
      // dockerd's own builder has no named contexts.
      const base = name === 'berthd' ? 'additional_contexts: {base: "service:base"}' : ''
      const built = (more: string): string => `{build: {dockerfile_inline: "FROM scratch\\nLABEL a=b", ${more}}}`
      await using stack = new Stack(engine, `name: t-build\nservices: {app: ${built(base)}, base: ${built('')}}\n`)
      const build = await stack.run(['build', '--progress=plain', ...(base === '' ? [] : ['app'])])
      assert.equal(build.code, 0, build.stderr)
      assert.match(build.stdout, /^\[app\] Step 2\/\d : LABEL a=b$/m)
      assert.match(build.stdout, /^\[base\] Step 1\/2 : FROM scratch$/m)
      assert.match((await stack.run(['down', '--rmi', 'local'])).stderr, /Image t-build-app {2}Removed/)
      assert.doesNotMatch((await stack.run(['down', '--rmi', 'local'])).stderr, /Removed/)
      const bake = JSON.parse(await stack.ok('build', '--print', 'base')) as Record<string, unknown>
      assert.deepEqual(bake['group'], { default: { targets: ['base'] } })
      assert.equal((await stack.run(['build', '--builder', 'other'])).code, 1)
    })

    test('nothing to attach to is the end, and a good one', async () => {
      await using stack = new Stack(engine, 'name: t-nothing\nservices: {a: {image: IMAGE, scale: 0}}\n')
      assert.equal((await stack.run(['up'])).code, 0)
    })
  })
}
