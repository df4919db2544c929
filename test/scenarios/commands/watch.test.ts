import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const stack = `
services:
  web:
    image: "rootfs:/"
    init: true
    command: [sh, -c, "echo begin; exec sleep 300"]
    develop:
      watch:
        - {path: ./src, action: sync, target: /tmp/src, ignore: [node_modules], initial_sync: true}
        - {path: ./web.conf, action: sync+restart, target: /tmp/web.conf}
        - {path: ./hook, action: sync+exec, target: /tmp/hook, exec: {command: [sh, -c, "echo $$(cat /tmp/hook/a) > /tmp/ran"]}}
`

describe('files are watched', () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, { 'stack.yaml': stack, 'web.conf': 'one' })
    mkdirSync(join(cli.folder, 'src', 'node_modules'), { recursive: true })
    mkdirSync(join(cli.folder, 'hook'))
    writeFileSync(join(cli.folder, 'src', 'first.js'), 'first')
  })
  after(async () => {
    await cli[Symbol.asyncDispose]()
    await daemon[Symbol.asyncDispose]()
  })

  const write = (path: string, text: string) => writeFileSync(join(cli.folder, path), text)
  const inside = async (path: string) => (await cli.run(['exec', '-T', 'web', 'cat', path])).stdout
  const arrives = (path: string, text: string) =>
    eventually(`${path} in the container`, async () => (await inside(path)) === text)

  test('watch brings the stack up, copies what is there and what changes, and leaves the containers running', async () => {
    const watch = cli.start(['watch'])
    await eventually('enabled', () => watch.output().includes('Watch enabled'))
    assert.equal(await inside('/tmp/src/first.js'), 'first')
    write('src/first.js', 'changed')
    await arrives('/tmp/src/first.js', 'changed')
    mkdirSync(join(cli.folder, 'src', 'deep', 'er'), { recursive: true })
    write('src/deep/er/new.js', 'new')
    await arrives('/tmp/src/deep/er/new.js', 'new')
    write('src/node_modules/dep.js', 'not me')
    rmSync(join(cli.folder, 'src', 'first.js'))
    await arrives('/tmp/src/first.js', '')
    assert.equal(await inside('/tmp/src/node_modules/dep.js'), '')

    write('hook/a', 'hooked')
    await arrives('/tmp/ran', 'hooked\n')
    write('web.conf', 'two')
    await eventually('restart', () => watch.output().includes('service(s) ["web"] restarted'))
    await arrives('/tmp/web.conf', 'two')
    watch.kill('SIGINT')
    assert.equal((await watch.result).code, 130)
    assert.notEqual(await cli.ok('ps', '-q'), '')
  })

  test('watch builds again, and removes the image that was replaced unless it is told not to', async () => {
    const folder = join(cli.folder, 'made')
    mkdirSync(folder)
    await cli.ok('image', 'create-base', 'watch-base:1')
    writeFileSync(join(folder, 'page'), 'one')
    writeFileSync(
      join(folder, 'stack.yaml'),
      `
services:
  made:
    build: {context: ., dockerfile_inline: "FROM watch-base:1\\nCOPY page /page\\n"}
    init: true
    command: [sleep, "300"]
    develop: {watch: [{path: ./page, action: rebuild}]}
`,
    )
    const berth = BerthCli.at(daemon, folder)
    const page = (text: string) =>
      eventually('rebuilt', async () => (await berth.run(['exec', '-T', 'made', 'cat', '/page'])).stdout === text)
    const unnamed = async () =>
      (await berth.ok('image', 'ls', '-q', '--filter', 'dangling=true')).split('\n').filter(line => line !== '').length

    const keeping = berth.start(['watch', '--no-prune'])
    await eventually('enabled', () => keeping.output().includes('Watch enabled'))
    writeFileSync(join(folder, 'page'), 'two')
    await page('two')
    keeping.kill('SIGINT')
    await keeping.result
    assert.equal(await unnamed(), 1)

    const pruning = berth.start(['watch'])
    await eventually('enabled', () => pruning.output().includes('Watch enabled'))
    writeFileSync(join(folder, 'page'), 'three')
    await page('three')
    await eventually('pruned', async () => (await unnamed()) === 0)
    pruning.kill('SIGINT')
    await pruning.result
  })

  test('up --watch shows the output meanwhile, and stops the containers at Ctrl-C', async () => {
    const up = cli.start(['up', '--watch', '--force-recreate'])
    await eventually('both', () => up.output().includes('Watch enabled') && up.output().includes('| begin'))
    write('src/second.js', 'second')
    await arrives('/tmp/src/second.js', 'second')
    up.kill('SIGINT')
    assert.equal((await up.result).code, 130)
    assert.equal(await cli.ok('ps', '-q'), '')
  })

  test('a stack without develop is refused', async () => {
    await cli.write('plain.yaml', 'services: {web: {image: "rootfs:/"}}')
    const { code, stderr } = await cli.run(['-f', 'plain.yaml', 'watch'])
    assert.equal(code, 1)
    assert.match(stderr, /none of the selected services is configured for watch/)
  })
})
