import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ImageInspect } from '../../../schemas/api/images.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'

const hasDocker = spawnSync('docker', ['--version']).status === 0
/** Compose 2 of a peer, and Debian 12's package; either may be missing. */
const composes = [process.env['BERTH_PEER_COMPOSE'], 'docker-compose'].filter(
  program => program !== undefined && spawnSync(program, ['version']).status === 0,
)

/** FROM the engine's image; each line says what it was made from. */
const dockerfile = `ARG BASE
FROM \${BASE} AS first
ARG WHAT=nothing
WORKDIR /made
COPY . .
RUN echo "$WHAT" > what
FROM first AS second
RUN echo second > stage
`

onEngines('builds of unchanged clients, without BuildKit', engine => {
  let api: ApiEngine
  let folder: string
  before(() => {
    api = engine()
    folder = mkdtempSync(join(tmpdir(), 'berth-client-builds-'))
    write('Dockerfile', dockerfile)
    write('.dockerignore', '**/*.log\n!kept.log\nDockerfile\n')
    for (const name of ['kept.log', 'dropped.log', 'deep/dropped.log', 'deep/file']) write(name, name)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  function write(name: string, content: string): void {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }

  async function run(program: string, args: readonly string[], input = '') {
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      DOCKER_HOST: `unix://${api.socket}`,
      DOCKER_BUILDKIT: '0',
      COMPOSE_DOCKER_CLI_BUILD: '0',
      BASE: api.image,
      IMAGE: n('composed'),
    }
    return new Promise<{ code: number | null; text: string }>((resolve, reject) => {
      const child = spawn(program, args, { cwd: folder, env, stdio: 'pipe' })
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', chunk => {
          text += chunk
        })
      child.once('error', reject)
      child.once('close', code => resolve({ code, text }))
      child.stdin.end(input)
    })
  }

  const n = (name: string): string => `${api.unique(name)}:1`
  async function must(program: string, args: readonly string[], input?: string): Promise<string> {
    const { code, text } = await run(program, args, input)
    assert.equal(code, 0, text)
    return text
  }
  const inspect = (name: string): Promise<ImageInspect> => api.call<ImageInspect>('GET', `/images/${name}/json`)
  const remove = (name: string) => api.request('DELETE', `/images/${name}?force=1`)

  /** What a command says in a container of the image. */
  async function said(image: string, script: string): Promise<string> {
    const id = await api.create('said', ['busybox', 'sh', '-c', script], { Image: image })
    await api.finish(id)
    const { text } = await api.request('GET', `/containers/${id}/logs?stdout=1`)
    await api.call('DELETE', `/containers/${id}`)
    // Each line has a header of eight bytes.
    return text.replace(/[\x00-\x08][\s\S]{7}/g, '').trim()
  }

  test('docker build: arguments, labels, a target, several names, .dockerignore, the id in a file', {
    skip: !hasDocker,
  }, async () => {
    const names = [n('one'), n('two')]
    const flags = ['--build-arg', `BASE=${api.image}`, '--build-arg', 'WHAT=that', '--label', 'l=1', '--iidfile', 'iid']
    const text = await must('docker', ['build', ...flags, ...names.flatMap(name => ['-t', name]), '.'])
    try {
      assert.match(text, /Step 1\/\d+ : ARG BASE/)
      assert.match(text, /Successfully built [0-9a-f]{12}/)
      const [one, two] = await Promise.all(names.map(inspect))
      assert.equal(one?.Id, two?.Id)
      assert.equal(readFileSync(join(folder, 'iid'), 'utf8'), one?.Id)
      assert.equal(one?.Config?.Labels?.['l'], '1')
      const listing = await said(names[0] ?? '', 'cat what stage; busybox find . -type f | busybox sort')
      assert.deepEqual(
        listing.split('\n').map(line => line.trim()),
        ['that', 'second', './.dockerignore', './deep/file', './kept.log', './stage', './what'],
      )
      const again = await must('docker', ['build', '-q', ...flags, '.'])
      assert.match(again, /^sha256:[0-9a-f]{64}$/m)
      assert.match(
        await must('docker', ['build', ...flags, '--target', 'first', '--no-cache', '.']),
        /Step 6\/\d : RUN echo/,
      )
    } finally {
      for (const name of names) await remove(name)
    }
  })

  test('docker build: a Dockerfile from standard input, a context as a tar, a step that fails', {
    skip: !hasDocker,
  }, async () => {
    const name = n('stdin')
    try {
      await must('docker', ['build', '-t', name, '-'], `FROM ${api.image}\nLABEL from=stdin\n`)
      assert.equal((await inspect(name)).Config?.Labels?.['from'], 'stdin')
      await must('docker', ['build', '-t', name, '-f', '-', '.'], `FROM ${api.image}\nCOPY deep/file /copied\n`)
      assert.equal(await said(name, 'cat /copied'), 'deep/file')
      const failed = await run('docker', ['build', '-'], `FROM ${api.image}\nRUN echo before; exit 5\n`)
      assert.notEqual(failed.code, 0)
      assert.match(failed.text, /before\n[\s\S]*returned a non-zero code: 5/)
    } finally {
      await remove(name)
    }
  })

  for (const compose of composes)
    test(`${compose} build and up --build`, async () => {
      write(
        'compose.yaml',
        `services:
  web:
    image: \${IMAGE}
    build: {context: ., target: second, args: {BASE: "\${BASE}", WHAT: composed}, labels: {made: by-compose}}
    command: [busybox, cat, what, stage]
    network_mode: none
`,
      )
      const project = ['-p', api.unique('builds'), '-f', 'compose.yaml']
      try {
        await must(compose ?? '', [...project, 'build', '--no-cache'])
        assert.equal((await inspect(n('composed'))).Config?.Labels?.['made'], 'by-compose')
        const up = await must(compose ?? '', [...project, 'up', '--build'])
        assert.match(up, /composed[\s\S]*second/)
      } finally {
        await run(compose ?? '', [...project, 'down', '-t', '0', '--rmi', 'all'])
      }
    })
})
