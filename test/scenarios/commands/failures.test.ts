import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { errorOutput } from '../../../schemas/output/error.ts'
import { BerthCli, type CliResult } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'

describe('what goes wrong is said once, with what to do, and leaves nothing half made', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
  })
  after(() => daemon[Symbol.asyncDispose]())

  /** Brings a stack up, expects exit code 1, takes it down again; returns the lines after the progress. */
  async function failingUp(stack: string, argv: readonly string[] = ['up', '-d']): Promise<string> {
    await using cli = await BerthCli.open(daemon, { 'stack.yaml': stack })
    const result = await cli.run(['--progress', 'quiet', ...argv])
    assert.equal(result.code, 1, result.stderr)
    await cli.run(['down', '-t', '0'])
    return result.stderr.replace(/stack-[a-z0-9]+/g, 'STACK').replaceAll(cli.folder, 'FOLDER')
  }

  test('an image archive that is not there', async () => {
    const text = await failingUp('services: {web: {image: "docker-archive:nope.tar"}}')
    assert.match(text, /^berth: .*web.*: .*nope\.tar.* is no file of this host/m)
  })

  test('a port that another program of the host has', async () => {
    const server = createServer()
    const port = await new Promise<number>(resolve =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    )
    try {
      const text = await failingUp(
        `services: {web: {image: "rootfs:/", command: sleep 9, ports: ["127.0.0.1:${port}:80"]}}`,
      )
      assert.match(
        text,
        new RegExp(`^berth: container STACK-web-1: .*127\\.0\\.0\\.1:${port}/tcp: address already in use`, 'm'),
      )
    } finally {
      server.close()
    }
  })

  test('a program that is not in the image', async () => {
    const text = await failingUp('services: {web: {image: "rootfs:/", command: nosuchprogram}}')
    assert.match(text, /^berth: container STACK-web-1: .*"nosuchprogram": executable file not found in \$PATH/m)
  })

  test('a container that crashes at once is an error of `up -d`, with the last lines of its log', async () => {
    const text = await failingUp(
      `services: {web: {image: "rootfs:/", command: ["sh", "-c", "echo first; echo broken >&2; exit 3"]}}`,
    )
    assert.equal(
      text,
      'berth: container STACK-web-1: exited (3) right after its start\nthe last lines of its log:\n  | first\n  | broken\n',
    )
  })

  test('`--wait` takes a job that ends with 0 as done', async () => {
    await using cli = await BerthCli.open(daemon, {
      'stack.yaml': 'services: {job: {image: "rootfs:/", command: "true"}}',
    })
    const { code, stderr } = await cli.run(['up', '-d', '--wait'])
    assert.equal(code, 0, stderr)
    await cli.ok('down')
  })

  const badStacks: readonly (readonly [string, string, RegExp])[] = [
    [
      'a circle of dependencies',
      'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n',
      /in a circle: a -> b -> a[\s\S]*stack\.yaml:3:/,
    ],
    [
      'a network that is not declared',
      'services:\n  a: {image: x, networks: [bakc]}\nnetworks: {back: {}}\n',
      /network "bakc" is not declared[\s\S]*did you mean "back"\?/,
    ],
    [
      'a value of the wrong type',
      'services:\n  a:\n    image: x\n    ports: 80\n',
      /expected a list, found the number 80[\s\S]*--> stack\.yaml:4:12/,
    ],
    ['an unknown attribute', 'services:\n  a: {imag: x}\n', /unknown attribute "imag"[\s\S]*did you mean "image"\?/],
    ['no services at all', '', /.+/],
  ]
  for (const [name, stack, expected] of badStacks) {
    test(`${name} in the stack file is shown with its place`, async () => {
      assert.match(await failingUp(stack), expected)
    })
  }

  test('the same mistakes as JSON, for programs', async () => {
    await using cli = await BerthCli.open(daemon, { 'stack.yaml': 'services:\n  a: {imag: x, ports: 80}\n' })
    const { code, stderr } = await cli.run(['config', '--format', 'json'])
    assert.equal(code, 1)
    const { error } = errorOutput.parse(JSON.parse(stderr))
    assert.equal(error.code, 'INVALID_STACK')
    assert.deepEqual(
      error.diagnostics?.map(({ code, position }) => [code, position?.line]),
      [
        ['unknown-key', 2],
        ['wrong-type', 2],
      ],
    )
  })

  test('a service that the stack does not have', async () => {
    await using cli = await BerthCli.open(daemon, { 'stack.yaml': 'services: {web: {image: "rootfs:/"}}' })
    for (const argv of [
      ['up', '-d', 'wbe'],
      ['logs', 'wbe'],
      ['exec', 'wbe', 'sh'],
      ['restart', 'wbe'],
    ]) {
      const { code, stderr } = await cli.run(argv)
      assert.equal(code, 1)
      assert.match(stderr, /^berth: no such service: wbe\nhint: services of \S+: web\n$/)
    }
  })

  test('exec in a service that does not run', async () => {
    await using cli = await BerthCli.open(daemon, { 'stack.yaml': 'services: {web: {image: "rootfs:/"}}' })
    const { code, stderr } = await cli.run(['exec', 'web', 'sh'])
    assert.equal(code, 1)
    assert.match(stderr, /^berth: service "web" is not running\nhint: start it with "berth up -d web"/)
  })
})

test('where no engine answers, the error says who may start one and how', async () => {
  await using daemon = await TestDaemon.start()
  await using cli = await BerthCli.open(daemon, { 'stack.yaml': 'services: {web: {image: "rootfs:/"}}' })
  const nowhere = { BERTH_HOST: '', BERTH_RUN_DIR: '/nowhere' }
  const run = (argv: readonly string[], uid?: number): Promise<CliResult> =>
    cli.run(argv, { env: nowhere, ...(uid === undefined ? {} : { uid }) })

  const asRoot = await run(['--no-autostart', 'ls'])
  assert.equal(asRoot.code, 1)
  assert.equal(
    asRoot.stderr,
    'berth: no engine answers at /nowhere/berth.sock\nhint: start it with "berth daemon start"\n',
  )

  const { chmod } = await import('node:fs/promises')
  await chmod(cli.folder, 0o755)
  const asUser = await run(['ls'], 65534)
  assert.equal(asUser.code, 1)
  assert.match(asUser.stderr, /only root may start one\nhint: start it with "sudo berth daemon start"/)
})
