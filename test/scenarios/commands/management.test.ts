import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { containerPortOutput, containerTopOutput, diffOutput } from '../../../schemas/output/container.ts'
import { contextRow } from '../../../schemas/output/context.ts'
import { networkRow } from '../../../schemas/output/networks.ts'
import { pruneOutput } from '../../../schemas/output/prune.ts'
import { psRow } from '../../../schemas/output/ps.ts'
import { dfRow } from '../../../schemas/output/system.ts'
import { volumeRow } from '../../../schemas/output/volumes.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'

describe("docker's words for containers, networks, volumes and the engine", () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, {})
    const running = { HostConfig: { Init: true, PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } } }
    await daemon.run('one', ['sh', '-c', 'echo out; echo err >&2; exec sleep 300'], {
      ...running,
      Labels: { tier: 'a' },
    })
    await daemon.create('two', ['sh', '-c', 'echo again; exit 3'])
  })
  after(async () => {
    await cli[Symbol.asyncDispose]()
    await daemon[Symbol.asyncDispose]()
  })

  const json = async (...argv: readonly string[]): Promise<readonly unknown[]> =>
    (await cli.ok(...argv))
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))

  test('container ls: rows, ids, filters, templates', async () => {
    const [row] = await json('container', 'ls', '--format', 'json')
    assert.equal(psRow.parse(row).Names, 'one')
    assert.match(await cli.ok('container', 'ls', '-aq', '--no-trunc'), /^([0-9a-f]{64}\n){2}$/)
    assert.equal(await cli.ok('container', 'ls', '-a', '-f', 'status=created', '--format', '{{.Names}}'), 'two\n')
    assert.equal(
      await cli.ok('container', 'ls', '--format', 'table {{.Names}}\\t{{.Label "tier"}}'),
      'NAMES     tier\none       a\n',
    )
    assert.match(await cli.ok('container', 'list', '-al'), /two/)
  })

  test('a template that does not fit says what there is', async () => {
    const { code, stderr } = await cli.run(['container', 'ls', '--format', '{{.Nmaes}}'])
    assert.equal(code, 1)
    assert.match(stderr, /there is no field \.Nmaes, did you mean \.Names\?/)
    const word = await cli.run(['container', 'ls', '--format', 'jsn'])
    assert.match(word.stderr, /unknown format "jsn"/)
  })

  test('inspect prints what it finds and fails for the rest', async () => {
    const { code, stdout, stderr } = await cli.run([
      'container',
      'inspect',
      '-f',
      '{{.Name}} {{.State.Running}} {{json .Config.Labels}}',
      'one',
      'nope',
    ])
    assert.equal(code, 1)
    assert.equal(stdout, '/one true {"tier":"a"}\n')
    assert.match(stderr, /No such container: nope/)
    assert.equal(JSON.parse(await cli.ok('container', 'inspect', 'one'))[0].Name, '/one')
  })

  test('logs keep the streams apart; exec gives the exit code; top and port tell', async () => {
    const { stdout, stderr } = await cli.run(['container', 'logs', 'one'])
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n'])
    assert.equal((await cli.run(['container', 'exec', 'one', 'sh', '-c', 'exit 7'])).code, 7)
    assert.equal((await cli.run(['container', 'exec', '-i', 'one', 'cat'], { input: 'hello' })).stdout, 'hello')
    const [top] = await json('container', 'top', '--format', 'json', 'one', '-eo', 'pid,comm')
    assert.ok(containerTopOutput.parse(top).processes.some(row => row.includes('sleep')))
    const [ports] = await json('container', 'port', '--format', 'json', 'one')
    assert.equal(containerPortOutput.parse(ports)[0]?.port, '80/tcp')
    assert.match(await cli.ok('container', 'port', 'one', '80'), /^127\.0\.0\.1:\d+\n$/)
  })

  test('start -a shows the output and ends with the exit code; wait tells it again', async () => {
    const { code, stdout } = await cli.run(['container', 'start', '-a', 'two'])
    assert.deepEqual([code, stdout], [3, 'again\n'])
    assert.equal(await cli.ok('container', 'wait', 'two'), '3\n')
  })

  test('pause, unpause, rename, update and kill reach the container', async () => {
    assert.equal(await cli.ok('container', 'pause', 'one'), 'one\n')
    assert.equal(await cli.ok('container', 'unpause', 'one'), 'one\n')
    await cli.ok('container', 'rename', 'one', 'uno')
    await cli.ok('container', 'update', '--memory', '96m', '--memory-swap=96m', 'uno')
    assert.equal(await cli.ok('container', 'inspect', '-f', '{{.HostConfig.Memory}}', 'uno'), `${96 * 2 ** 20}\n`)
    await cli.ok('container', 'rename', 'uno', 'one')
    assert.match((await cli.run(['container', 'update', 'one'])).stderr, /one or more flags/)
  })

  test('networks: made, listed, joined, left, removed', async () => {
    const id = (await cli.ok('network', 'create', '--label', 'a=b', '--subnet', '10.213.7.0/24', 'lan')).trim()
    assert.match(id, /^[0-9a-f]{64}$/)
    const rows = (await json('network', 'ls', '-f', 'label=a=b', '--format', 'json')).map(row => networkRow.parse(row))
    assert.deepEqual(
      rows.map(row => [row.Name, row.Driver, row.ID]),
      [['lan', 'bridge', id.slice(0, 12)]],
    )
    await cli.ok('network', 'connect', '--alias', 'uno', 'lan', 'one')
    assert.equal(
      await cli.ok('network', 'inspect', '-f', '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}', 'lan'),
      'one 10.213.7.2/24\n',
    )
    assert.equal((await cli.run(['network', 'rm', 'lan'])).code, 1)
    await cli.ok('network', 'disconnect', 'lan', 'one')
    assert.equal(await cli.ok('network', 'rm', 'lan'), 'lan\n')
  })

  test('volumes: made, listed, inspected, removed', async () => {
    assert.equal(await cli.ok('volume', 'create', '--label', 'x=y', 'store'), 'store\n')
    const [row] = (await json('volume', 'ls', '--format', 'json')).map(each => volumeRow.parse(each))
    assert.deepEqual([row?.Name, row?.Labels], ['store', 'x=y'])
    assert.equal(await cli.ok('volume', 'inspect', '-f', '{{.Labels.x}}', 'store'), 'y\n')
    assert.equal(await cli.ok('volume', 'rm', 'store'), 'store\n')
    assert.equal((await cli.run(['volume', 'rm', 'store'])).code, 1)
    assert.equal((await cli.run(['volume', 'rm', '-f', 'store'])).code, 0)
  })

  test('system: disk usage, events, what the engine is', async () => {
    const rows = (await json('system', 'df', '--format', 'json')).map(row => dfRow.parse(row))
    assert.deepEqual(rows.map(row => [row.Type, row.TotalCount, row.Active]).slice(1, 3), [
      ['Containers', '2', '1'],
      ['Local Volumes', '0', '0'],
    ])
    const events = await cli.ok(
      'system',
      'events',
      '--since',
      '10m',
      '--until',
      '0s',
      '--format',
      '{{.Type}} {{.Action}}',
    )
    assert.match(events, /^network connect$/m)
    assert.equal(await cli.ok('system', 'info', '-f', '{{.Containers}}'), '2\n')
    const [context] = await json('context', 'ls', '--format', 'json')
    assert.equal(contextRow.parse(context).DockerEndpoint, `unix://${daemon.socket}`)
  })

  test('system dial-stdio is the far end of a connection over ssh', async () => {
    const { code, stdout } = await cli.run(['system', 'dial-stdio'], { input: 'GET /_ping HTTP/1.0\r\n\r\n' })
    assert.equal(code, 0)
    assert.match(stdout, /^HTTP\/1\.\d 200 OK\r\n/)
  })

  test('a file goes in, is seen by diff, comes out again; prune takes what has stopped', async () => {
    await cli.write('note', 'remember')
    await cli.ok('container', 'cp', 'note', 'one:/tmp/kept')
    assert.equal((await cli.run(['container', 'exec', 'one', 'cat', '/tmp/kept'])).stdout, 'remember')
    await cli.ok('container', 'cp', 'one:/tmp/kept', 'back')
    const [changes] = await json('container', 'diff', '--format', 'json', 'one')
    assert.ok(diffOutput.parse(changes).some(change => change.path === '/tmp/kept' && change.kind === 'added'))

    const asked = await cli.run(['container', 'prune'])
    assert.equal(asked.code === 0, false)
    assert.match(asked.stderr, /use --force/)
    const [pruned] = await json('container', 'prune', '-f', '--format', 'json')
    assert.equal(pruneOutput.parse(pruned).removed.length, 1)
    assert.equal(await cli.ok('container', 'stop', '-t', '0', 'one'), 'one\n')
    assert.match(await cli.ok('system', 'prune', '-f'), /Deleted Containers:\n[0-9a-f]{64}\n/)
  })
})
