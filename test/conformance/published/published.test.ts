import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeAuthority, makeCertificate } from '../../support/certificates.ts'
import { type CommandResult, runCommandLine } from '../../support/command-line.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { hasRegistry, startRegistry, type TestRegistry } from '../../support/registry.ts'

/**
 * Stacks that lie in a registry or in git. With BERTH_PEER_COMPOSE, and a BERTH_PEER_HOST that it needs, docker compose reads what berth published and
 * the other way round.
 */
const peer = process.env['BERTH_PEER_COMPOSE']

const files = {
  'compose.yaml':
    'name: shop\nservices:\n  web:\n    image: busybox\n    env_file: web.env\n  job:\n    extends:\n      file: sub/base.yaml\n      service: base\n',
  'over.yaml': 'services:\n  web:\n    labels:\n      stage: live\n',
  'sub/base.yaml': 'services:\n  base:\n    image: alpine\n    labels:\n      a: b\n',
  'web.env': 'GREETING=hello\n',
}

describe('stacks elsewhere', { skip: hasRegistry ? false : 'no docker-registry here' }, () => {
  let folder: string
  let stack: string
  let secure: TestRegistry
  let plain: TestRegistry
  let env: Readonly<Record<string, string>>

  const berth = (args: readonly string[], cwd = stack) => runCommandLine(args, { cwd, env })
  const compose = (...args: readonly string[]): CommandResult => {
    const host = { DOCKER_HOST: process.env['BERTH_PEER_HOST'] ?? '' }
    const { status, stdout, stderr } = spawnSync(String(peer), args, {
      cwd: stack,
      env: { ...env, ...host },
      encoding: 'utf8',
    })
    return { code: status ?? -1, stdout, stderr }
  }
  const ok = ({ code, stdout, stderr }: CommandResult): string => {
    assert.equal(code, 0, stderr)
    return stdout
  }
  const services = (text: string) => JSON.parse(text).services

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'published-'))
    stack = join(folder, 'stack')
    mkdirSync(join(stack, 'sub'), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(stack, name), text)
    makeAuthority(folder)
    makeCertificate(folder, 'registry', 'IP:127.0.0.1')
    const tls = { certificate: join(folder, 'registry.pem'), key: join(folder, 'registry-key.pem') }
    secure = await startRegistry(folder, { tls, isProtected: true })
    plain = await startRegistry(folder)
    const auth = Buffer.from('user:secret').toString('base64')
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [secure.host]: { auth } } }))
    env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      DOCKER_CONFIG: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      SSL_CERT_FILE: join(folder, 'ca.pem'),
    }
  })

  after(async () => {
    await secure[Symbol.asyncDispose]()
    await plain[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const expected = {
    web: { environment: { GREETING: 'hello' }, image: 'busybox', labels: { stage: 'live' } },
    job: { image: 'alpine', labels: { a: 'b' } },
  }
  const bare = (all: Record<string, Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(all).map(([name, { networks: _, command: _c, entrypoint: _e, ...rest }]) => [name, rest]),
    )

  for (const kind of ['secure', 'plain'] as const) {
    test(`a stack goes to a ${kind} registry and comes back, alone, included and extended`, async () => {
      const name = `${(kind === 'secure' ? secure : plain).host}/team/shop:1`
      const refused = await berth(['publish', '-y', name])
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /the service "web" has variables/)
      assert.equal(
        ok(await berth(['-f', 'compose.yaml', '-f', 'over.yaml', 'publish', '-y', '--with-env', name])),
        `${name} published\n`,
      )
      const elsewhere = join(folder, `elsewhere-${kind}`)
      mkdirSync(elsewhere)
      const config = ['config', '--format', 'json']
      const read = ok(await berth(['-f', `oci://${name}`, ...config], elsewhere))
      assert.deepEqual(bare(services(read)), expected)
      assert.equal(JSON.parse(read).name, 'shop')
      writeFileSync(
        join(elsewhere, 'compose.yaml'),
        `name: outer\ninclude: ["oci://${name}"]\nservices: {own: {extends: {file: "oci://${name}", service: job}}}\n`,
      )
      const included = services(ok(await berth(config, elsewhere)))
      assert.deepEqual(bare(included), { ...expected, own: expected.job })
    })
  }

  test('what is there is not a stack, or is not there', async () => {
    const none = await berth(['-f', `oci://${plain.host}/none:1`, 'config'])
    assert.equal(none.code, 1)
    assert.match(none.stderr, /none:1 is not found/)
    await putImage(plain)
    const image = await berth(['-f', `oci://${plain.host}/image:1`, 'config'])
    assert.equal(image.code, 1)
    assert.match(image.stderr, /is not a published stack/)
  })

  test('a layer has no say in where its file lies, and variables alone are no stack', async () => {
    for (const [name, file, message] of [
      ['evil', '../../out', /has the file name "..\/..\/out"/],
      ['bare', 'x.env', /is a stack without a stack file/],
    ] as const) {
      const layer = {
        mediaType: 'application/vnd.docker.compose.envfile',
        annotations: { 'com.docker.compose.envfile': file },
      }
      await putImage(plain, { artifactType: 'application/vnd.docker.compose.project', layer, name })
      const { code, stderr } = await berth(['-f', `oci://${plain.host}/${name}:1`, 'config'])
      assert.equal(code, 1)
      assert.match(stderr, message)
    }
  })

  test('a stack in a git repository, by branch, tag, commit and folder', async () => {
    const origin = join(folder, 'git', 'shop.git')
    mkdirSync(join(origin, 'deploy'), { recursive: true })
    writeFileSync(join(origin, 'deploy', 'compose.yaml'), 'name: fromgit\nservices: {web: {image: busybox}}\n')
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: origin, encoding: 'utf8' })
    git('init', '-q', '-b', 'main')
    git('add', '.')
    git('commit', '-q', '-m', 'x')
    const commit = git('rev-parse', 'HEAD').trim()
    git('tag', '-a', '-m', 'first', 'v1')
    // Its name ends with that of another branch, and comes before it in the list.
    git('checkout', '-q', '-b', 'dev/main')
    writeFileSync(join(origin, 'deploy', 'compose.yaml'), 'name: other\nservices: {web: {image: busybox}}\n')
    git('commit', '-q', '-a', '-m', 'y')
    git('checkout', '-q', 'main')
    const port = await freePort()
    const daemon = spawn(
      'git',
      [
        'daemon',
        '--reuseaddr',
        '--listen=127.0.0.1',
        `--port=${port}`,
        '--export-all',
        `--base-path=${join(folder, 'git')}`,
      ],
      { stdio: 'ignore', detached: true },
    )
    try {
      const url = `git://127.0.0.1:${port}/shop.git`
      await eventually('git answers', () => spawnSync('git', ['ls-remote', url]).status === 0)
      for (const place of ['main:deploy', 'v1:deploy', `${commit}:deploy/compose.yaml`, ':deploy']) {
        const address = `${url}#${place}`
        assert.match(ok(await berth(['-f', address, 'config'])), /^name: fromgit\n/, address)
      }
      for (const address of [
        `${url}#main:../x`,
        `${url}#--upload-pack=x`,
        `${url}#nope:deploy`,
        `${url}#main:nowhere`,
      ]) {
        assert.equal((await berth(['-f', address, 'config'])).code, 1, address)
      }
      assert.match((await berth(['-f', `${url}#nope`, 'config'])).stderr, /has no branch and no tag "nope"/)
    } finally {
      if (daemon.pid !== undefined) process.kill(-daemon.pid, 'SIGKILL')
      await once(daemon, 'exit')
    }
  })

  test('docker compose reads ours, and we read its own', {
    skip: peer === undefined ? 'BERTH_PEER_COMPOSE names none' : false,
  }, async () => {
    const [ours, theirs] = [`${secure.host}/peer/ours:1`, `${secure.host}/peer/theirs:1`]
    const publish = (name: string) => ['-f', 'compose.yaml', '-f', 'over.yaml', 'publish', '-y', '--with-env', name]
    ok(await berth(publish(ours)))
    ok(compose(...publish(theirs)))
    for (const name of [ours, theirs]) {
      const config = ['-f', `oci://${name}`, 'config', '--format', 'json']
      assert.deepEqual(bare(services(ok(compose(...config)))), expected, `compose, ${name}`)
      assert.deepEqual(bare(services(ok(await berth(config)))), expected, `berth, ${name}`)
    }
    ok(await berth([...publish(`${secure.host}/peer/old:1`), '--oci-version', '1.0']))
    assert.deepEqual(
      bare(services(ok(compose('-f', `oci://${secure.host}/peer/old:1`, 'config', '--format', 'json')))),
      expected,
    )
  })
})

interface Foreign {
  readonly name?: string
  readonly artifactType?: string
  readonly layer?: object
}

/** Puts a manifest with one layer of two bytes into a registry. */
async function putImage(
  { host }: TestRegistry,
  { name = 'image', artifactType, layer = {} }: Foreign = {},
): Promise<void> {
  const digest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
  const base = `http://${host}/v2/${name}`
  const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' })
  const location = new URL(begun.headers.get('location') ?? '', base)
  location.searchParams.set('digest', digest)
  await fetch(location, { method: 'PUT', body: '{}', headers: { 'content-type': 'application/octet-stream' } })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }
  const layers = [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 2, ...layer }]
  const body = JSON.stringify({ schemaVersion: 2, mediaType, artifactType, config, layers })
  const { status } = await fetch(`${base}/manifests/1`, { method: 'PUT', body, headers: { 'content-type': mediaType } })
  assert.equal(status, 201)
}
