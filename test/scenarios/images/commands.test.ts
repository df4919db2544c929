import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { hasRegistry, skopeo, startRegistry } from '../../support/registry.ts'

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.replaceAll('/', '_')

describe('berth image, login, pull, push, search', () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, {})
    assert.match(await cli.ok('image', 'create-base', 'base:1'), /^sha256:[0-9a-f]{64}\n$/)
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    await daemon?.[Symbol.asyncDispose]()
  })

  test('a base image is made from this host’s busybox, and runs', async () => {
    const [row] = (await cli.ok('image', 'ls', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}')).split('\n')
    assert.match(row ?? '', /^base:1 \d\.\d+MB$/)
    const [config] = JSON.parse(await cli.ok('image', 'inspect', 'base:1')) as { Config: { Cmd: string[] } }[]
    assert.deepEqual(config?.Config.Cmd, ['sh'])
    assert.match(await cli.ok('image', 'history', 'base:1'), /berth image create-base/)
    await cli.write('stack.yaml', 'services: {a: {image: "base:1", network_mode: none}}')
    assert.equal(await cli.ok('run', '--rm', '-T', 'a', 'sh', '-c', 'echo "$PATH" | tr / _'), `${path}\n`)
  })

  test('a base image of Debian is made from the mirror of the host’s apt, and runs', {
    skip:
      process.env['BERTH_TEST_DEBOOTSTRAP'] === undefined && 'BERTH_TEST_DEBOOTSTRAP=1: it takes minutes and a mirror',
  }, async () => {
    await cli.ok('image', 'create-base', '--kind', 'debian', '--suite', 'bookworm', 'debian-base:1')
    await cli.write('stack.yaml', 'services: {a: {image: "debian-base:1", network_mode: none}}')
    assert.match(await cli.ok('run', '--rm', '-T', 'a', 'cat', '/etc/debian_version'), /^12\.\d+\n$/)
  })

  test('layers, waste and diff of images', async () => {
    const tar = (files: Record<string, string>) => writeTar(join(cli.folder, 'import.tar'), files)
    await tar({ 'etc/motd': 'one', 'big.bin': 'x'.repeat(5000) })
    await cli.ok('image', 'import', '-c', 'CMD ["true"]', '-m', 'first', 'import.tar', 'small:1')
    await tar({ 'etc/motd': 'two!', 'etc/new': 'n' })
    await cli.ok('image', 'import', 'import.tar', 'small:2')
    const difference = await cli.ok('image', 'diff', 'small:1', 'small:2')
    assert.equal(difference, 'D /big.bin\nC /etc/motd  (content)\nA /etc/new\n')
    assert.equal((await cli.run(['image', 'diff', '--exit-code', 'small:1', 'small:1'])).code, 0)
    assert.match(
      await cli.ok('image', 'layers', 'small:1'),
      /^LAYER +DIFF ID +SIZE .*\n1 +[0-9a-f]{12} +5kB +\d+ +0 +0 +0B/,
    )
    assert.match(await cli.ok('image', 'waste', 'small:1'), /0B of 5kB wasted \(0 %\), 0 files/)
    await assert.rejects(cli.ok('image', 'import', '-c', 'FROM x', 'import.tar'), /FROM is not a valid change command/)
  })

  test('save, rm, load, tag, prune', async () => {
    await cli.ok('image', 'tag', 'base:1', 'other/base:2')
    await cli.ok('image', 'save', '-o', 'both.tar', 'base:1', 'other/base:2')
    assert.equal(await cli.ok('image', 'rm', 'other/base:2'), 'Untagged: other/base:2\n')
    assert.match(await cli.ok('image', 'rm', 'base:1'), /^Untagged: base:1\nDeleted: sha256:/)
    assert.equal(await cli.ok('image', 'load', 'both.tar'), 'Loaded image: base:1\nLoaded image: other/base:2\n')
    assert.match(skopeo('inspect', `docker-archive:${cli.folder}/both.tar:base:1`), /"Layers"/)
    const { code, stderr } = await cli.run(['image', 'rm', 'nothing', 'other/base:2'])
    assert.equal(code, 1)
    assert.match(stderr, /No such image: nothing:latest/)
    assert.doesNotMatch(await cli.ok('image', 'ls'), /other\/base/)
    await cli.ok('image', 'rm', 'small:2')
    assert.match(await cli.ok('image', 'prune', '-a', '--filter', 'label=none'), /Total reclaimed space: 0B/)
  })

  test('log in, push, pull, log out; the password is where docker keeps it', { skip: !hasRegistry }, async () => {
    await using registry = await startRegistry(cli.folder, { isProtected: true })
    const { host } = registry
    const env = { HOME: cli.folder }
    const run = (argv: string[], input?: string) => cli.run(argv, { env, ...(input === undefined ? {} : { input }) })
    await cli.ok('image', 'tag', 'base:1', `${host}/team/base:1`)
    const refused = await run(['image', 'push', `${host}/team/base:1`])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /push access denied for .*team\/base/)
    const wrong = await run(['login', '-u', 'user', '--password-stdin', host], 'wrong\n')
    assert.match(wrong.stderr, /401 Unauthorized/)
    const right = await run(['login', '-u', 'user', '--password-stdin', host], 'secret\n')
    assert.equal(right.stdout, 'Login Succeeded\n', right.stderr)
    const path = join(cli.folder, '.docker/config.json')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const saved = JSON.parse(await readFile(path, 'utf8')) as { auths: Record<string, { auth: string }> }
    assert.equal(Buffer.from(saved.auths[host]?.auth ?? '', 'base64').toString(), 'user:secret')

    const pushed = await run(['image', 'push', `${host}/team/base:1`])
    assert.match(
      pushed.stdout,
      /^The push refers to repository .*\n[0-9a-f]{12}: Preparing\n.*: Pushed\n1: digest: sha256:/s,
    )
    const pulled = await run(['image', 'pull', `${host}/team/base:1`])
    assert.match(pulled.stdout, /Status: Image is up to date for .*team\/base:1\n.*team\/base:1\n$/)
    await cli.write('stack.yaml', `services: {a: {image: "${host}/team/base:1"}, b: {image: "${host}/team/base:2"}}`)
    const stack = await run(['pull'])
    assert.equal(stack.code, 1)
    assert.match(stack.stderr, /team\/base:1 +Pulled/)
    assert.match(stack.stderr, /manifest for .*team\/base:2 not found/)
    assert.equal((await run(['pull', '--ignore-pull-failures'])).code, 0)

    // A helper of one's own: it says what it was asked on a file.
    await mkdir(join(cli.folder, 'bin'))
    const helper = join(cli.folder, 'bin/docker-credential-test')
    await writeFile(
      helper,
      `#!/bin/sh\nread -r server\necho "$1 $server" >> ${cli.folder}/asked\n[ "$1" = get ] && echo '{"Username":"user","Secret":"secret"}'\nexit 0\n`,
    )
    await chmod(helper, 0o755)
    await run(['logout', host])
    await writeFile(path, JSON.stringify({ credHelpers: { [host]: 'test' }, other: 'kept' }))
    const helped = await cli.run(['image', 'pull', `${host}/team/base:1`], {
      env: { ...env, PATH: `${cli.folder}/bin:${process.env['PATH']}` },
    })
    assert.equal(helped.code, 0, helped.stderr)
    assert.equal(await readFile(join(cli.folder, 'asked'), 'utf8'), `get ${host}\n`)
  })

  test('search', async t => {
    const server = createServer((_request, response) => {
      response.end(
        JSON.stringify({ results: [{ name: 'redis', description: 'd'.repeat(60), star_count: 9, is_official: true }] }),
      )
    })
    server.listen(0, '127.0.0.1')
    t.after(() => server.close())
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const table = await cli.ok('search', '--limit', '5', `127.0.0.1:${port}/redis`)
    assert.match(table, /^NAME +DESCRIPTION +STARS +OFFICIAL\nredis +d{44}… +9 +\[OK\]\n$/)
    assert.equal(await cli.ok('search', '--filter', 'stars=10', '--format', '{{.Name}}', `127.0.0.1:${port}/redis`), '')
  })
})

async function writeTar(path: string, files: Readonly<Record<string, string>>): Promise<void> {
  const { tar } = await import('../../support/tar-writer.ts')
  await writeFile(path, tar(...Object.entries(files).map(([name, content]) => ({ name, content }))))
}
