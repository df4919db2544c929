import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ContainerSummary } from '../../../schemas/api/containers.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'

interface Output {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const berthProgram = join(process.env['BERTH_ROOT'] ?? process.cwd(), 'dist', 'berth.cjs')
/** Compose 2 as a program of its own; without it, whether berth and compose take over each other's stacks is not asked. */
const composeTwo = process.env['BERTH_PEER_COMPOSE']
/** Debian 12's package: the old one, in Python, whose stacks are still found on machines. */
const composeOne = spawnSync('docker-compose', ['version', '--short'], { encoding: 'utf8' }).stdout?.startsWith('1.')

const stackFile = (image: string): string => `
services:
  db:
    image: ${image}
    command: ["sh", "-c", "echo ready; exec busybox sleep 1000"]
    environment: {ONE: "1", TWO: two words}
    healthcheck: {test: ["CMD", "/bin/busybox", "true"], interval: 1s, timeout: 5s, retries: 5}
    labels: {role: store}
    mem_limit: 64m
    networks: [back]
    stop_grace_period: 1s
    volumes: [data:/data]
  web:
    image: ${image}
    cap_add: [NET_ADMIN]
    command: ["/bin/busybox", "sleep", "1000"]
    configs: [{source: motd, target: /motd}]
    depends_on: {db: {condition: service_healthy}}
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 50M}}}
    dns_search: [example.com]
    expose: ["8080"]
    extra_hosts: ["other:192.0.2.7"]
    init: true
    logging: {driver: json-file, options: {max-size: 1m}}
    networks: {back: , front: {aliases: [www]}}
    ports: ["127.0.0.1::80"]
    stop_grace_period: 1s
    tmpfs: [/scratch]
    ulimits: {nofile: 1024}
networks: {back: {internal: true}, front: {}}
volumes: {data: {labels: {keep: "no"}}}
configs: {motd: {content: hello}}
`

onEngines('stacks of berth and of compose', engine => {
  let api: ApiEngine
  let folder: string
  before(() => {
    api = engine()
    folder = mkdtempSync(join(tmpdir(), 'berth-interoperation-'))
    writeFileSync(join(folder, 'compose.yaml'), stackFile(api.image))
  })
  after(async () => {
    await run(process.execPath, [berthProgram, 'down', '-v', '-t', '0'])
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (program: string, args: readonly string[]): Promise<Output> =>
    new Promise((resolve, reject) => {
      const host = `unix://${api.socket}`
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, DOCKER_HOST: host, BERTH_STANDBY: '0' }
      const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
      const text = { stdout: '', stderr: '' }
      child.stdout.on('data', chunk => (text.stdout += chunk))
      child.stderr.on('data', chunk => (text.stderr += chunk))
      child.once('error', reject)
      child.once('close', code => resolve({ code, ...text }))
    })
  const ok = async (program: string, args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(program, args)
    assert.equal(code, 0, `${basename(program)} ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const berth = (...args: readonly string[]): Promise<string> => ok(process.execPath, [berthProgram, ...args])
  const containers = async (): Promise<readonly ContainerSummary[]> => {
    const filters = JSON.stringify({ label: [`com.docker.compose.project=${project()}`] })
    return api.call('GET', `/containers/json?all=1&filters=${encodeURIComponent(filters)}`)
  }
  const project = (): string => basename(folder).toLowerCase()
  const ids = async (): Promise<readonly string[]> => (await containers()).map(({ Id }) => Id).sort()

  const skip = composeTwo === undefined ? 'BERTH_PEER_COMPOSE names no docker compose' : false
  const compose = (...args: readonly string[]): Promise<string> => ok(composeTwo ?? '', args)

  test('what compose brought up is planned, shown, entered, scaled and taken down by berth', { skip }, async () => {
    await compose('up', '-d', '--wait')
    const made = await ids()
    assert.equal(made.length, 3)
    const plan = await run(process.execPath, [berthProgram, 'plan', '--detailed-exitcode'])
    assert.deepEqual(
      { code: plan.code, stdout: plan.stdout.split(',')[0] },
      { code: 0, stdout: `${project()}: nothing to do` },
    )
    await berth('up', '-d')
    assert.deepEqual(await ids(), made)
    assert.deepEqual(await servicesShown(berth), ['db', 'web', 'web'])
    assert.match(await berth('logs', 'db'), /^db-1 +\| ready/m)
    assert.equal(await berth('exec', '-T', 'web', '/bin/busybox', 'cat', '/motd'), 'hello')
    await berth('up', '-d', '--scale', 'web=1')
    assert.equal((await containers()).length, 2)
    await berth('down', '-v', '-t', '0')
    assert.deepEqual(await containers(), [])
    assert.equal(await compose('ps', '-a', '-q'), '')
  })

  test('what berth brought up is left as it is, shown, entered, scaled and taken down by compose', {
    skip,
  }, async () => {
    await berth('up', '-d', '--wait')
    const made = await ids()
    assert.equal(made.length, 3)
    await compose('up', '-d')
    assert.deepEqual(await ids(), made)
    assert.deepEqual(await servicesShown(compose), ['db', 'web', 'web'])
    assert.match(await compose('logs', 'db'), /^db-1 +\| ready/m)
    assert.equal(await compose('exec', '-T', 'web', '/bin/busybox', 'cat', '/motd'), 'hello')
    await compose('up', '-d', '--scale', 'web=1')
    assert.equal((await containers()).length, 2)
    await compose('down', '-v', '-t', '0')
    assert.deepEqual(await containers(), [])
    assert.equal(await berth('ps', '-a', '-q'), '')
    assert.match(await berth('plan'), /to create/)
  })

  test('a change of the file is the same change to both', { skip }, async () => {
    await compose('up', '-d')
    const before = await containers()
    writeFileSync(join(folder, 'compose.yaml'), stackFile(api.image).replace('mem_limit: 64m', 'mem_limit: 65m'))
    assert.match(await berth('plan'), /± container \S+-db-1/)
    await berth('up', '-d')
    const kept = new Set((await containers()).map(({ Id }) => Id))
    for (const { Id, Labels } of before) assert.equal(kept.has(Id), Labels['com.docker.compose.service'] === 'web')
    const after = await ids()
    await compose('up', '-d')
    assert.deepEqual(await ids(), after)
    await berth('down', '-v', '-t', '0')
  })

  const noOne = composeOne ? false : 'there is no docker-compose 1 on this machine'
  test('what docker-compose 1 brought up is shown, entered, made anew under its new names, and taken down by berth', {
    skip: noOne,
  }, async () => {
    const file = `version: "3.7"\nservices:\n  web:\n    image: ${api.image}\n    command: /bin/busybox sleep 1000\n    stop_grace_period: 1s\n`
    writeFileSync(join(folder, 'docker-compose.yml'), file)
    const old = ['-f', 'docker-compose.yml']
    await ok('docker-compose', [...old, 'up', '-d'])
    assert.deepEqual(await names(), [`/${project()}_web_1`])
    assert.match(await berth(...old, 'ps'), /_web_1 /)
    assert.equal(await berth(...old, 'exec', '-T', 'web', '/bin/busybox', 'echo', 'in'), 'in\n')
    assert.match(await berth(...old, 'plan'), /web-1 +was made by another tool/)
    await berth(...old, 'up', '-d')
    assert.deepEqual(await names(), [`/${project()}-web-1`])
    assert.match(await ok('docker-compose', [...old, 'ps']), /-web-1 /)
    await berth(...old, 'down', '-t', '0')
    assert.deepEqual(await containers(), [])
  })
  const names = async (): Promise<readonly string[]> => (await containers()).flatMap(({ Names }) => Names)
})

async function servicesShown(tool: (...args: readonly string[]) => Promise<string>): Promise<readonly string[]> {
  const rows = (await tool('ps', '--format', 'json')).trim().split('\n')
  return rows.map(row => (JSON.parse(row) as { readonly Service: string }).Service).sort()
}
