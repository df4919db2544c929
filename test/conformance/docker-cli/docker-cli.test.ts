import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'

interface Output {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const hasDocker = spawnSync('docker', ['--version']).status === 0

// The docker command itself, unchanged, on each engine: what people type.
if (!hasDocker) test('docker command', { skip: 'there is no docker command on this machine' }, () => undefined)
else
  onEngines('docker command', engine => {
    let api: ApiEngine
    let folder: string
    before(() => {
      api = engine()
      folder = mkdtempSync(join(tmpdir(), 'berth-docker-cli-'))
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    const run = (args: readonly string[], input?: string): Promise<Output> =>
      new Promise((resolve, reject) => {
        const env = { PATH: process.env['PATH'] ?? '', HOME: folder, DOCKER_HOST: `unix://${api.socket}` }
        const child = spawn('docker', args, { cwd: folder, env, stdio: 'pipe' })
        const text = { stdout: '', stderr: '' }
        child.stdout.on('data', chunk => (text.stdout += chunk))
        child.stderr.on('data', chunk => (text.stderr += chunk))
        child.once('error', reject)
        child.once('close', code => resolve({ code, ...text }))
        child.stdin.end(input ?? '')
      })
    /** Of a command that must succeed. */
    const docker = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(args)
      assert.equal(code, 0, `docker ${args.join(' ')}: ${stderr}`)
      return stdout.trimEnd()
    }
    const n = (name: string): string => api.unique(name)

    test('run, with output, input, an exit code, and nothing left', async () => {
      assert.equal(await docker('run', '--rm', '--name', n('a'), api.image, 'busybox', 'echo', 'hi'), 'hi')
      assert.equal((await run(['run', '--rm', api.image, 'busybox', 'sh', '-c', 'exit 7'])).code, 7)
      assert.equal((await run(['run', '--rm', '-i', api.image, 'busybox', 'cat'], 'typed\n')).stdout, 'typed\n')
      assert.equal((await run(['run', '--rm', api.image, '/no/such'])).code, 127)
      assert.equal(await docker('ps', '-aq', '--filter', `name=${n('a')}`), '')
    })

    test('a life: run -d, ps, exec, logs, top, port, inspect, pause, rename, update, restart, stop, start, wait, rm', async () => {
      const script = 'echo started; busybox sleep 1000'
      const id = await docker(
        'run',
        '-d',
        '--name',
        n('life'),
        '--label',
        'l=1',
        api.image,
        'busybox',
        'sh',
        '-c',
        script,
      )
      assert.match(id, /^[0-9a-f]{64}$/)
      assert.match(await docker('ps', '--filter', `name=${n('life')}`), /Up (Less than a|\d+) second/)
      assert.equal(await docker('exec', n('life'), 'busybox', 'echo', 'in'), 'in')
      assert.equal((await run(['exec', n('life'), 'busybox', 'sh', '-c', 'exit 3'])).code, 3)
      assert.equal((await run(['exec', '-i', n('life'), 'busybox', 'cat'], 'x')).stdout, 'x')
      assert.equal(await docker('logs', n('life')), 'started')
      // dockerd needs a ps on its own machine.
      if (api.name === 'berthd') assert.match(await docker('top', n('life')), /sleep 1000/)
      assert.equal(await docker('port', n('life')), '')
      assert.equal(await docker('inspect', '-f', '{{.State.Status}} {{.Config.Labels.l}}', n('life')), 'running 1')
      assert.match(await docker('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', n('life')), / \d+$/)
      await docker('pause', n('life'))
      assert.match(await docker('ps', '--filter', `name=${n('life')}`), /\(Paused\)/)
      await docker('unpause', n('life'))
      await docker('rename', n('life'), n('other'))
      await docker('update', '--restart', 'no', n('other'))
      await docker('restart', '-t', '0', n('other'))
      await docker('stop', '-t', '0', n('other'))
      assert.equal(await docker('wait', n('other')), '137')
      await docker('start', n('other'))
      await docker('kill', n('other'))
      assert.match((await run(['rm', n('nope')])).stderr, /No such container: .*nope/)
      await docker('rm', n('other'))
    })

    test('attach and start -a end with the container', async () => {
      await docker(
        'create',
        '-i',
        '--name',
        n('attach'),
        api.image,
        'busybox',
        'sh',
        '-c',
        'read x; echo got $x; exit 4',
      )
      const { code, stdout } = await run(['start', '-ai', n('attach')], 'line\n')
      assert.deepEqual([code, stdout], [4, 'got line\n'])
      assert.equal((await run(['attach', n('attach')])).code, 1)
    })

    test('cp in both directions, diff, commit and export', async () => {
      await docker('run', '-d', '--name', n('files'), api.image, 'busybox', 'sleep', '1000')
      writeFileSync(join(folder, 'f'), 'content')
      await docker('cp', 'f', `${n('files')}:/new`)
      await docker('cp', `${n('files')}:/new`, 'back')
      assert.equal(readFileSync(join(folder, 'back'), 'utf8'), 'content')
      assert.equal((await run(['cp', `${n('files')}:/new`, '-'])).stdout.includes('content'), true)
      assert.match(
        (await run(['cp', `${n('files')}:/nope`, '.'])).stderr,
        /Could not find the file \/nope in container/,
      )
      assert.equal(await docker('diff', n('files')), 'A /new')
      assert.match(await docker('ps', '-s', '--filter', `name=${n('files')}`), /7B \(virtual/)
      const image = await docker('commit', '-c', 'CMD ["busybox","cat","/new"]', '-m', 'why', n('files'))
      assert.equal(await docker('run', '--rm', image), 'content')
      await docker('export', '-o', 'export.tar', n('files'))
      assert.ok(readFileSync(join(folder, 'export.tar')).includes('content'))
      await docker('rmi', image)
    })

    test('images: ls, inspect, history, tag, save and load', async () => {
      await docker('tag', api.image, `${n('tagged')}:2`)
      assert.match(await docker('images', n('tagged')), /tagged\s+2\s/)
      assert.equal(await docker('image', 'inspect', '-f', '{{.Os}}', `${n('tagged')}:2`), 'linux')
      assert.match(await docker('history', `${n('tagged')}:2`), /layer 0/)
      await docker('save', '-o', 'image.tar', `${n('tagged')}:2`)
      await docker('rmi', `${n('tagged')}:2`)
      assert.match(await docker('load', '-i', 'image.tar'), /Loaded image: .*tagged:2/)
      await docker('rmi', `${n('tagged')}:2`)
    })

    test('networks and volumes', async () => {
      await docker('network', 'create', '--label', 'l=1', n('net'))
      try {
        await docker('run', '-d', '--name', n('on'), '--network', n('net'), api.image, 'busybox', 'sleep', '1000')
        await docker('network', 'disconnect', n('net'), n('on'))
        await docker('network', 'connect', '--alias', 'x', n('net'), n('on'))
        assert.match(await docker('network', 'ls', '--filter', `name=${n('net')}`), /bridge\s+local/)
        assert.match(await docker('network', 'inspect', n('net')), /"Name": "[^"]*-on"/)
      } finally {
        await run(['rm', '-f', n('on')])
        await docker('network', 'rm', n('net'))
      }
      await docker('volume', 'create', n('vol'))
      await docker('run', '--rm', '-v', `${n('vol')}:/v`, api.image, 'busybox', 'sh', '-c', 'echo kept >/v/f')
      assert.equal(await docker('run', '--rm', '-v', `${n('vol')}:/v`, api.image, 'busybox', 'cat', '/v/f'), 'kept')
      assert.match(await docker('volume', 'ls', '--filter', `name=${n('vol')}`), /local\s/)
      await docker('volume', 'rm', n('vol'))
    })

    test('the daemon: version, info, system df, events', async () => {
      assert.match(await docker('version', '--format', '{{.Server.APIVersion}}'), /^1\.51$/)
      assert.match(await docker('info', '--format', '{{.OSType}} {{.Swarm.LocalNodeState}}'), /^linux inactive$/)
      assert.match(await docker('system', 'df'), /Images[\s\S]*Containers[\s\S]*Local Volumes/)
      const since = String(Date.now() / 1000 - 1)
      await docker('run', '--rm', '--name', n('seen'), api.image, 'busybox', 'true')
      const format = '{{.Action}}'
      const until = String(Date.now() / 1000 + 1)
      const told = await docker(
        'events',
        '--since',
        since,
        '--until',
        until,
        '--filter',
        `container=${n('seen')}`,
        '--format',
        format,
      )
      const actions = told.split('\n').filter(action => action !== 'attach')
      assert.deepEqual(actions, ['create', 'start', 'die', 'destroy'])
    })
  })
