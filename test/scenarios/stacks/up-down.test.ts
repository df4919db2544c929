import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Engine, engines } from '../../support/engines.ts'
import { eventually } from '../../support/eventually.ts'
import { Stack } from './stack.ts'

for (const { name, start } of engines) {
  describe(`stacks on ${name}`, () => {
    let engine: Engine
    before(async () => {
      engine = await start()
    })
    after(() => engine[Symbol.asyncDispose]())

    test('up makes everything once; up again does nothing; a change recreates its service alone; down leaves nothing', async () => {
      const file = (value: string) => `
name: t-once
services:
  db: {image: IMAGE, init: true, command: [sleep, "1000"], volumes: ["data:/data"]}
  web: {image: IMAGE, init: true, command: [sleep, "1000"], environment: {A: "${value}"}, depends_on: [db]}
volumes: {data: {}}
`
      await using stack = new Stack(engine, file('1'))
      await stack.ok('up', '-d')
      assert.deepEqual(await stack.states(), { 't-once-db-1': 'running', 't-once-web-1': 'running' })
      const [db, web] = [await stack.inspect('t-once-db-1'), await stack.inspect('t-once-web-1')]
      assert.equal((await stack.run(['plan', '--detailed-exitcode'])).code, 0)
      await stack.ok('up', '-d')
      assert.equal((await stack.inspect('t-once-web-1')).State.StartedAt, web.State.StartedAt)

      stack.write(file('2'))
      const plan = await stack.run(['plan', '--detailed-exitcode'])
      assert.equal(plan.code, 2)
      assert.match(plan.stdout, /services\.web\.environment\.A: "1" -> "2" {2}\(stack\.yaml:5:\d+\)/)
      await stack.ok('up', '-d')
      const changed = await stack.inspect('t-once-web-1')
      assert.notEqual(changed.Id, web.Id)
      assert.ok(changed.Config.Env?.includes('A=2'))
      assert.equal((await stack.inspect('t-once-db-1')).State.StartedAt, db.State.StartedAt)
      assert.equal((await stack.run(['plan', '--detailed-exitcode'])).code, 0)

      await stack.ok('down', '-t', '0', '-v')
      assert.deepEqual(await stack.states(), {})
      assert.match(await stack.ok('plan'), /t-once: 4 to create/)
    })

    test('conditions hold: the job finds what its dependency made before it was healthy, and web what the job left', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-order
services:
  db:
    image: IMAGE
    init: true
    command: [sh, -c, "sleep 0.4; touch /shared/ready; sleep 1000"]
    volumes: ["shared:/shared"]
    healthcheck: {test: [CMD, test, -f, /shared/ready], interval: 100ms, retries: 100}
  job:
    image: IMAGE
    command: [sh, -c, "test -f /shared/ready && sleep 0.2 && touch /shared/done"]
    volumes: ["shared:/shared"]
    depends_on: {db: {condition: service_healthy}}
  web:
    image: IMAGE
    init: true
    command: [sh, -c, "test -f /shared/done && exec sleep 1000"]
    volumes: ["shared:/shared"]
    depends_on: {job: {condition: service_completed_successfully}}
volumes: {shared: {}}
`,
      )
      await stack.ok('up', '-d', '--wait')
      assert.equal((await stack.inspect('t-order-db-1')).State.Health?.Status, 'healthy')
      assert.deepEqual(await stack.states(), {
        't-order-db-1': 'running',
        't-order-job-1': 'exited',
        't-order-web-1': 'running',
      })
      assert.equal((await stack.run(['plan', '--detailed-exitcode'])).code, 0, 'a job that is done is not run again')
    })

    test('up fails when a container crashes at once, with the end of its log; what is good stays; a mended file converges', async () => {
      const file = (command: string) => `
name: t-crash
services:
  good: {image: IMAGE, init: true, command: [sleep, "1000"]}
  bad: {image: IMAGE, init: true, command: ${command}}
  needs: {image: IMAGE, init: true, command: [sleep, "1000"], depends_on: {bad: {condition: service_completed_successfully}}}
`
      await using stack = new Stack(engine, file('[sh, -c, "echo cannot find my head; exit 3"]'))
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 1)
      assert.match(stderr, /service "bad" didn't complete successfully: exit 3; container t-crash-bad-1/)
      assert.match(stderr, /\| cannot find my head/)
      assert.equal(stderr.match(/^berth: /gm)?.length, 1, `one root cause, one message:\n${stderr}`)
      const states = await stack.states()
      assert.deepEqual([states['t-crash-good-1'], states['t-crash-needs-1']], ['running', 'created'])

      stack.write(file('[sh, -c, "exit 0"]'))
      await stack.ok('up', '-d')
      assert.equal((await stack.states())['t-crash-needs-1'], 'running')
    })

    test('up -d alone sees a crash right after the start, and lets a job that ends with 0 be', async () => {
      await using stack = new Stack(
        engine,
        'name: t-crash2\nservices:\n  bad: {image: IMAGE, command: [sh, -c, "exit 4"]}\n',
      )
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 1)
      assert.match(stderr, /container t-crash2-bad-1: exited \(4\) right after its start/)
      stack.write('name: t-crash2\nservices:\n  bad: {image: IMAGE, command: [sh, -c, "exit 0"]}\n')
      await stack.ok('up', '-d', '--wait')
    })

    test('secrets and configs have their owner and mode, and a changed content recreates only who uses it', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-files
services:
  app:
    image: IMAGE
    init: true
    command: [sleep, "1000"]
    secrets: [{source: token, uid: "103", gid: "104", mode: 0400}]
    configs: [{source: motd, target: /run/motd}]
  other: {image: IMAGE, init: true, command: [sleep, "1000"]}
secrets: {token: {file: ./token.txt}}
configs: {motd: {content: "hello\\n"}}
`,
      )
      stack.writeFile('token.txt', 'one')
      await stack.ok('up', '-d')
      assert.match(await stack.ok('exec', 'app', 'ls', '-ln', '/run/secrets/token'), /^-r--------\s+1 103\s+104\s+3 /)
      assert.equal(await stack.ok('exec', 'app', 'cat', '/run/motd'), 'hello\n')
      const inspected = JSON.stringify(await stack.inspect('t-files-app-1'))
      assert.ok(!inspected.includes('"one"') && !inspected.includes('hello'), 'inspect shows no content')
      const other = await stack.inspect('t-files-other-1')

      stack.writeFile('token.txt', 'two')
      assert.match(await stack.ok('plan'), /secrets\.token\.content/)
      await stack.ok('up', '-d', '-t', '0')
      assert.equal(await stack.ok('exec', 'app', 'cat', '/run/secrets/token'), 'two')
      assert.equal((await stack.inspect('t-files-other-1')).Id, other.Id)
    })

    test('restart: true restarts the dependent, without it is left alone', async () => {
      const file = (value: string) => `
name: t-restart
services:
  db: {image: IMAGE, init: true, command: [sleep, "1000"], environment: {V: "${value}"}}
  with: {image: IMAGE, init: true, command: [sleep, "1000"], depends_on: {db: {condition: service_started, restart: true}}}
  without: {image: IMAGE, init: true, command: [sleep, "1000"], depends_on: [db]}
`
      await using stack = new Stack(engine, file('1'))
      await stack.ok('up', '-d')
      const before = [await stack.inspect('t-restart-with-1'), await stack.inspect('t-restart-without-1')]
      stack.write(file('2'))
      await stack.ok('up', '-d', '-t', '1')
      const [withRestart, without] = [
        await stack.inspect('t-restart-with-1'),
        await stack.inspect('t-restart-without-1'),
      ]
      assert.equal(withRestart.Id, before[0]?.Id)
      assert.notEqual(withRestart.State.StartedAt, before[0]?.State.StartedAt)
      assert.equal(without.State.StartedAt, before[1]?.State.StartedAt)
    })

    test('a changed network is made anew with its containers, and nobody else is touched', async () => {
      const file = (value: boolean) => `
name: t-net
services:
  in: {image: IMAGE, init: true, command: [sleep, "1000"], networks: [back]}
  out: {image: IMAGE, init: true, command: [sleep, "1000"]}
networks: {back: {internal: ${value}}}
`
      await using stack = new Stack(engine, file(false))
      await stack.ok('up', '-d')
      const out = await stack.inspect('t-net-out-1')
      stack.write(file(true))
      await stack.ok('up', '-d', '-t', '0')
      assert.equal((await stack.run(['plan', '--detailed-exitcode'])).code, 0)
      assert.equal((await stack.inspect('t-net-out-1')).State.StartedAt, out.State.StartedAt)
      assert.deepEqual(Object.keys((await stack.inspect('t-net-in-1')).NetworkSettings.Networks), ['t-net_back'])
    })

    test('scale up and down, and orphans', async () => {
      const file = (services: string) => `name: t-scale\nservices: {${services}}\n`
      const web = 'web: {image: IMAGE, init: true, command: [sleep, "1000"]}'
      await using stack = new Stack(engine, file(`${web}, old: {image: IMAGE, init: true, command: [sleep, "1000"]}`))
      await stack.ok('up', '-d', '--scale', 'web=3')
      const first = await stack.inspect('t-scale-web-1')
      stack.write(file(web))
      const { stderr } = await stack.run(['up', '-d', '--scale', 'web=2', '-t', '0'])
      assert.match(stderr, /t-scale-old-1.*--remove-orphans/)
      await stack.ok('up', '-d', '--scale', 'web=2', '--remove-orphans', '-t', '0')
      assert.deepEqual(await stack.states(), { 't-scale-web-1': 'running', 't-scale-web-2': 'running' })
      assert.equal((await stack.inspect('t-scale-web-1')).Id, first.Id)
    })

    test('Ctrl-C while waiting ends cleanly with 130, and up goes on from there', async () => {
      const file = (test: string) => `
name: t-break
services:
  db: {image: IMAGE, init: true, command: [sleep, "1000"], healthcheck: {test: [CMD, ${test}], interval: 100ms, start_period: 100s}}
  web: {image: IMAGE, init: true, command: [sleep, "1000"], depends_on: {db: {condition: service_healthy}}}
`
      await using stack = new Stack(engine, file('"false"'))
      const controller = new AbortController()
      const running = stack.run(['up', '-d'], controller.signal)
      await eventually('db runs', async () => (await stack.states())['t-break-db-1'] === 'running', 60_000)
      controller.abort()
      const { code, stderr } = await running
      assert.equal(code, 130, stderr)
      assert.deepEqual(await stack.states(), { 't-break-db-1': 'running', 't-break-web-1': 'created' })
      const impatient = await stack.run(['up', '-d', '--wait', '--wait-timeout', '1'])
      assert.equal(impatient.code, 1)
      assert.match(impatient.stderr, /service db: not ready after 1 s/)
      stack.write(file('"true"'))
      await stack.ok('up', '-d', '-t', '0')
      assert.equal((await stack.states())['t-break-web-1'], 'running')
    })

    test('impossible stacks change nothing and say why: external network and volume, missing secret', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-bad
services: {web: {image: IMAGE, networks: [n], volumes: ["vol:/v"]}}
networks: {n: {external: true}}
volumes: {vol: {external: true}}
`,
      )
      const { code, stderr } = await stack.run(['up', '-d'])
      assert.equal(code, 1)
      assert.match(stderr, /network n declared as external, but could not be found\n.*external volume "vol" not found/)
      stack.write('name: t-bad\nservices: {web: {image: IMAGE, secrets: [s]}}\nsecrets: {s: {file: ./none}}\n')
      assert.match(
        (await stack.run(['up', '-d'])).stderr,
        /secret s: the file .*\/none does not exist \(.*stack\.yaml:3/,
      )
      assert.deepEqual(await stack.states(), {})
    })

    test('stop, start, restart, pause, kill, rm act on what is there, and nothing is made anew', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-life
services:
  a: {image: IMAGE, init: true, command: [sleep, "1000"]}
  b: {image: IMAGE, init: true, command: [sleep, "1000"], depends_on: [a]}
`,
      )
      await stack.ok('up', '-d')
      const a = await stack.inspect('t-life-a-1')
      await stack.ok('pause', 'a')
      assert.equal((await stack.states())['t-life-a-1'], 'paused')
      await stack.ok('unpause')
      await stack.ok('stop', '-t', '1')
      assert.deepEqual(await stack.states(), { 't-life-a-1': 'exited', 't-life-b-1': 'exited' })
      await stack.ok('start')
      await stack.ok('restart', '-t', '0')
      await stack.ok('kill', 'b')
      await eventually('b is down', async () => (await stack.states())['t-life-b-1'] === 'exited')
      assert.equal((await stack.inspect('t-life-b-1')).State.ExitCode, 137)
      await stack.ok('rm', '-f')
      assert.deepEqual(await stack.states(), { 't-life-a-1': 'running' })
      assert.equal((await stack.inspect('t-life-a-1')).Id, a.Id)
    })

    test('run: the dependency comes up, the exit code comes back, and --rm leaves nothing of it', async () => {
      await using stack = new Stack(
        engine,
        `
name: t-run
services:
  db: {image: IMAGE, init: true, command: [sleep, "1000"], healthcheck: {test: [CMD, "true"], interval: 100ms}}
  app: {image: IMAGE, environment: {A: "1"}, depends_on: {db: {condition: service_healthy}}}
`,
      )
      const { code, stdout } = await stack.run([
        'run',
        '--rm',
        '-T',
        '-e',
        'B=2',
        'app',
        'sh',
        '-c',
        'echo $A$B; exit 5',
      ])
      assert.deepEqual([code, stdout], [5, '12\n'])
      assert.deepEqual(await stack.states(), { 't-run-db-1': 'running' })
    })

    test('down stops each level at once: three that ignore SIGTERM cost one grace period and not three', async () => {
      const deaf = 'image: IMAGE, command: [sh, -c, "trap : TERM; while :; do sleep 0.1; done"]'
      await using stack = new Stack(engine, `name: t-deaf\nservices: {a: {${deaf}}, b: {${deaf}}, c: {${deaf}}}\n`)
      await stack.ok('up', '-d')
      const began = performance.now()
      await stack.ok('down', '-t', '4')
      const seconds = (performance.now() - began) / 1000
      assert.ok(seconds >= 4 && seconds < 8, `took ${seconds} s`)
      assert.deepEqual(await stack.states(), {})
    })
  })
}
