import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { onEngines } from '../../support/api-engine.ts'
import { busyboxLayer, dockerArchive } from '../../support/image-archive.ts'
import { tar } from '../../support/tar-writer.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const here = join(root, 'test/conformance/clients')
const run = promisify(execFile)

// It binds a folder of this machine, which a peer in a root of its own does not see; and it calls the docker command line.
const skipsDevContainers =
  'BERTH_PEER_HOST' in process.env
    ? 'a peer sees no folders of this machine'
    : spawnSync('docker', ['--version']).status !== 0 && 'there is no docker command line'

onEngines('clients written for dockerd', engine => {
  before(() => {
    if (existsSync(join(here, 'node_modules'))) return
    const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })

  /** Runs a client where there is no network but loopback; what it needs is the socket. */
  async function client(...argv: readonly string[]): Promise<string> {
    const env = { ...process.env, DOCKER_HOST: `unix://${engine().socket}`, TESTCONTAINERS_RYUK_DISABLED: 'true' }
    const inside = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, ...argv]
    const { stdout } = await run('unshare', inside, { cwd: here, env, timeout: 60_000 })
    return stdout
  }

  test('dockerode: run, exec, archive, stats, pause, update, wait, events', async () => {
    assert.deepEqual(JSON.parse(await client('dockerode.mjs', engine().image)), {
      run: { code: 4, text: 'hi' },
      volume: 'local',
      exec: { out: 'out\n', err: 'err\n', code: 5 },
      archive: true,
      limit: 67_108_864,
      paused: 'paused',
      updated: 134_217_728,
      killed: 137,
      events: [
        ...['create', 'start', 'exec_create', 'exec_start', 'exec_die', 'extract-to-dir', 'archive-path'],
        ...['pause', 'unpause', 'update', 'kill', 'die', 'destroy'],
      ],
    })
  })

  test('dockerode: a build whose progress is followed, its image tagged and run; a step that fails', async () => {
    const { image } = engine()
    const name = engine().unique('dockerode')
    // dockerd does not say where in the Dockerfile; berthd does.
    const where = engine().name === 'berthd' ? 'Dockerfile:2: RUN: ' : ''
    assert.deepEqual(JSON.parse(await client('dockerode-build.mjs', image, name)), {
      steps: [
        `Step 1/5 : FROM ${image}`,
        'Step 2/5 : ARG WHO',
        'Step 3/5 : COPY said /said',
        'Step 4/5 : RUN echo "$WHO" >>/said',
        'Step 5/5 : CMD ["busybox","cat","/said"]',
      ],
      end: ['Successfully built ID', `Successfully tagged ${name}:built`],
      image: { isBuilt: true, tags: [`${name}:built`, `${name}:tagged`], command: ['busybox', 'cat', '/said'] },
      run: { code: 0, text: 'hello\r\ndockerode\r\n' },
      failure: `${where}The command '/bin/sh -c exit 3' returned a non-zero code: 3`,
    })
  })

  test('testcontainers: a server with a network, a port, a file, a restart; waiting for health', async () => {
    assert.deepEqual(JSON.parse(await client('testcontainers.mjs', engine().image)), {
      port: true,
      exec: { output: 'b\nhello\n', stdout: 'b\nhello\n', stderr: '', exitCode: 3 },
      address: true,
      portAfterRestart: true,
      healthy: true,
    })
  })

  test('dev containers: up, its lifecycle command, exec', { skip: skipsDevContainers }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'devcontainer-'))
    const image = engine().unique('devcontainer')
    const users = tar({ name: 'etc', flag: '5' }, { name: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\n' })
    await engine().call('POST', '/images/load', dockerArchive([busyboxLayer(), users], [`${image}:1`]))
    try {
      mkdirSync(join(folder, '.devcontainer'))
      const config = { image: `${image}:1`, overrideCommand: true, postCreateCommand: 'echo created > /created' }
      writeFileSync(join(folder, '.devcontainer', 'devcontainer.json'), JSON.stringify(config))
      const cli = 'node_modules/@devcontainers/cli/devcontainer.js'
      const { outcome, containerId } = JSON.parse(await client(cli, 'up', '--workspace-folder', folder))
      assert.equal(outcome, 'success')
      const exec = [cli, 'exec', '--workspace-folder', folder]
      assert.equal(await client(...exec, 'busybox', 'cat', '/created'), 'created\n')
      await engine().call('DELETE', `/containers/${containerId}?force=1&v=1`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
