import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'

const stack = `
services:
  web:
    build:
      context: ./web
      args: {WHO: me}
      additional_contexts: {pages: ./pages}
    network_mode: none
  tool:
    image: built-tool:1
    network_mode: none
    build:
      context: .
      additional_contexts: {base: "service:web"}
      secrets: [token]
      tags: [built-tool:extra]
      dockerfile_inline: |
        FROM base
        RUN --mount=type=secret,id=token wc -c </run/secrets/token >/sum
        CMD ["sleep", "1000"]
secrets:
  token: {file: ./token}
`

const dockerfile = `FROM build-base:1 AS base
ARG WHO
RUN echo "for $WHO" >/who
COPY page /page
COPY --from=pages . /pages/
CMD ["sh", "-c", "cat /who /page /pages/one; sleep 1000"]
`

describe('building the images of a stack', () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, {})
    await cli.ok('image', 'create-base', 'build-base:1')
    for (const folder of ['web', 'pages', 'one']) await mkdir(join(cli.folder, folder))
    await cli.write('stack.yaml', stack)
    await cli.write('web/Dockerfile', dockerfile)
    await cli.write('web/page', 'first page\n')
    await cli.write('web/.dockerignore', '*.log\n')
    await cli.write('web/left.log', 'left out')
    await cli.write('pages/one', 'page one\n')
    await cli.write('token', 'very secret')
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    await daemon?.[Symbol.asyncDispose]()
  })

  test('plan says which images are built and why; up builds what is missing, in order', async () => {
    assert.match(await cli.ok('plan'), /build image \S+-web +the engine does not have it/)
    await cli.ok('up', '-d')
    assert.match(
      await cli.ok('exec', '-T', 'web', 'cat', '/who', '/page', '/pages/one'),
      /for me\nfirst page\npage one\n/,
    )
    assert.match(await cli.ok('exec', '-T', 'tool', 'cat', '/sum'), /^\s*11\n$/)
    await assert.rejects(cli.ok('exec', '-T', 'tool', 'cat', '/run/secrets/token'))
    assert.match(await cli.ok('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'), /built-tool:extra/)
    assert.doesNotMatch(await cli.ok('plan'), /build image/)
  })

  test('up --build makes anew only what came out different', async () => {
    const same = await cli.run(['up', '-d', '--build'])
    assert.match(same.stdout, /Using cache/)
    assert.doesNotMatch(same.stderr, /Recreate/)
    await cli.write('web/page', 'second page\n')
    const { stdout, stderr, code } = await cli.run(['up', '-d', '--build'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /Not cached: file page changed/)
    assert.match(stderr, /-web-1 +Recreated/)
    assert.match(await cli.ok('exec', '-T', 'web', 'cat', '/page'), /second page/)
  })

  test('the cache outlives the daemon', async () => {
    await cli.ok('down', '-t', '0')
    await daemon.stop()
    await daemon.launch()
    const { stdout } = await cli.run(['build', 'web'])
    assert.match(stdout, /Using cache/)
    assert.doesNotMatch(stdout, /Not cached/)
  })

  test('the cache is told by system df, and builder prune gives it back without the images', async () => {
    const told = async (): Promise<string> =>
      await cli.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Reclaimable}}')
    assert.match(await told(), /^Build Cache [1-9]/m)
    const asked = await cli.run(['builder', 'prune'])
    assert.notEqual(asked.code, 0)
    assert.match(
      await cli.ok('builder', 'prune', '-f'),
      /^Deleted build cache objects:\n[0-9a-f]{64}\n[\s\S]*Total reclaimed space: /,
    )
    assert.match(await told(), /^Build Cache 0 0B$/m)
    assert.match((await cli.run(['build', 'web'])).stdout, /Not cached: it was not built before/)
  })

  test('one image from a folder; its mistakes are told with file and line', async () => {
    await cli.write('one/Dockerfile', 'FROM build-base:1\nRUN echo before; exit 3\n')
    const { stderr, code } = await cli.run(['build', '-t', 'one:1', './one'])
    assert.notEqual(code, 0)
    assert.match(stderr, /Dockerfile:2: RUN: .* returned a non-zero code: 3\nbefore/)
    await cli.write('one/Dockerfile', 'FROM build-base:1\nARG A\nRUN test "$A" = b\n')
    const output = await cli.ok('build', '-t', 'one:1', '--build-arg', 'A=b', '--iidfile', 'id', './one')
    assert.match(output, /Successfully tagged one:1/)
  })

  test('--no-build refuses what is missing', async () => {
    await cli.ok('image', 'rm', '-f', 'built-tool:1')
    const { code, stderr } = await cli.run(['up', '-d', '--no-build', '--pull', 'never', 'tool'])
    assert.notEqual(code, 0)
    assert.match(stderr, /built-tool:1/)
  })
})
