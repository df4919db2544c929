// Makes the V8 code caches of dist/cli: runs the fresh build on everyday commands, against an engine that says yes to everything, so that the code that
// these commands run is in the caches. Only the build uses this; a missing cache makes a start slower and nothing else.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const stack = `services:
  web: {image: 'rootfs:/', command: [sleep, '9'], ports: ['127.0.0.1:8080:80'], depends_on: [db], environment: {A: '\${B:-c}'}, restart: always, mem_limit: 64m}
  db: {image: 'rootfs:/', command: sleep 9, volumes: ['data:/data', './:/here:ro'], configs: [{source: c, target: /c}], deploy: {replicas: 2}}
volumes: {data: {}}
configs: {c: {content: text}}
`

const runs = [
  ['version'],
  ['--help'],
  ['up', '--help'],
  ['config'],
  ['graph'],
  ['plan'],
  ['up', '-d'],
  ['ps'],
  ['logs'],
  ['down'],
  ['daemon', 'status'],
  ['nonsense'],
]

export async function writeCodeCaches(loader) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-build-'))
  const socket = join(folder, 'engine.sock')
  writeFileSync(join(folder, 'stack.yaml'), stack)
  const server = createServer(answer)
  await new Promise(resolve => server.listen(socket, resolve))
  try {
    for (const argv of runs) {
      isRunning = ['ps', 'logs', 'down'].includes(argv[0])
      await run([loader, ...argv], folder, `unix://${socket}`)
    }
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  }
}

function run(argv, cwd, host) {
  const env = { PATH: process.env.PATH, BERTH_WRITE_CODE_CACHE: '1', BERTH_HOST: host, BERTH_RUN_DIR: cwd }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { cwd, env, stdio: 'ignore' })
    child.on('exit', resolve)
    child.on('error', reject)
  })
}

const id = '0'.repeat(64)
const container = {
  Id: id,
  Names: ['/warm-up-web-1'],
  Image: 'rootfs:/',
  ImageID: `sha256:${id}`,
  Command: 'sleep 9',
  Created: 0,
  Ports: [{ PrivatePort: 80, PublicPort: 8080, Type: 'tcp', IP: '127.0.0.1' }],
  Labels: {
    'com.docker.compose.service': 'web',
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
  },
  State: 'running',
  Status: 'Up 1 second',
  HostConfig: { NetworkMode: 'default' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
}

/** Set between runs: `up` and `plan` find nothing, `ps`, `logs` and `down` find a container. */
let isRunning = false

/** Answers that let a command go on: lists are short, everything that is made is made, events never come. */
function answer(request, response) {
  const path = request.url.replace(/^\/v[\d.]+/, '').split('?')[0]
  response.setHeader('Api-Version', '1.51')
  response.setHeader('Ostype', 'linux')
  response.setHeader('Server', 'Berth/0.1.0')
  response.setHeader('Content-Type', 'application/json')
  request.resume()
  if (path === '/events') response.flushHeaders()
  else if (request.method === 'POST' && path.endsWith('/create'))
    response.writeHead(201).end(JSON.stringify({ Id: id, Warnings: [] }))
  else if (path === '/containers/json') response.end(JSON.stringify(isRunning ? [container] : []))
  else if (path === '/networks') response.end('[]')
  else if (path === '/volumes') response.end('{"Volumes":[]}')
  else if (path.endsWith('/json'))
    response.end(
      JSON.stringify({ Id: id, State: { Status: 'running', Running: true, ExitCode: 0 }, Config: {}, RepoTags: [] }),
    )
  else response.writeHead(request.method === 'GET' || request.method === 'HEAD' ? 200 : 204).end()
}
