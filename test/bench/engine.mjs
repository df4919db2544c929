// What the Engine API costs by itself, driven by the same clients on each side: the docker command line, and C programs (see programs.mjs).
// Each figure is taken on one side and then on the other, round by round, so that what else the machine does hits both.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { execByApi } from './exec.mjs'
import { output, serve } from './programs.mjs'
import { ask } from './requests.mjs'
import { image } from './stacks.mjs'

const lines = 1_000_000
const parallelRequests = 1000
const megabytes = 3000
const streams = 4

/** [what, unit, bench => value or a promise of it] */
const figures = [
  ['docker --version (the client alone)', 's', ({ docker }) => timed(docker, '--version')],
  ['docker run --rm true', 's', ({ docker }) => timed(docker, 'run', '--rm', image, 'true')],
  ['docker exec true', 's', ({ docker }) => timed(docker, 'exec', 'bench-a', 'true')],
  ['exec true, without the client', 's', ({ side }) => execByApi(side.socket, 'bench-a')],
  [`${parallelRequests} lists of containers at once`, 's', bench => lists(bench)],
  ['DNS answers per second', '1/s', bench => answers(bench)],
  [
    `container to container, ${streams} connections`,
    'MB/s',
    bench => bench.send(bench.a, bench.address, '9000', streams),
  ],
  ['container to container, 1 connection', 'MB/s', bench => bench.send(bench.a, bench.address, '9000', 1)],
  ['host to published port', 'MB/s', bench => bench.send(undefined, '127.0.0.1', bench.hostPort, 1)],
]

/** Measures all sides; `note(work, side, unit, value)` takes each figure. */
export async function engineFigures(sides, programs, rounds, note) {
  for (const side of sides) await readBack(side, note)
  const opened = []
  try {
    for (const [index, side] of sides.entries()) opened.push(await open(side, programs, 18999 + index))
    for (let round = 0; round < rounds; round++)
      for (const [work, unit, measure] of figures)
        for (const bench of opened) note(work, bench.side, unit, await measure(bench))
  } finally {
    for (const bench of opened) bench.close()
  }
}

/** Two containers in one network, of which one serves by TCP and publishes that. A failure leaves nothing. */
async function open(side, programs, hostPort) {
  const docker = dockerOf(side)
  const remove = () => {
    docker('rm', '-f', '-v', 'bench-a', 'bench-b')
    docker('network', 'rm', 'benchnet')
  }
  docker('network', 'create', 'benchnet')
  try {
    return await serveFrom(side, docker, programs, hostPort, remove)
  } catch (error) {
    remove()
    throw error
  }
}

async function serveFrom(side, docker, programs, hostPort, remove) {
  const sleeper = (name, ...flags) =>
    docker('run', '-d', '--name', name, '--network', 'benchnet', ...flags, image, 'sleep', '1000000')
  sleeper('bench-a')
  sleeper('bench-b', '-p', `127.0.0.1:${hostPort}:9000`)
  const [a, b] = [await pidOf(side, 'bench-a'), await pidOf(side, 'bench-b')]
  const { NetworkSettings } = await ask(side.socket, 'GET', '/containers/bench-b/json')
  const address = NetworkSettings.Networks.benchnet.IPAddress
  const server = await serve(programs['tcp-load'], ['serve', '9000'], b)
  const send = (pid, to, port, count) =>
    Number(output(programs['tcp-load'], ['send', to, port, String(megabytes), String(count)], pid))
  const close = () => {
    server.kill('SIGKILL')
    remove()
  }
  return { side, docker, programs, a, address, hostPort: String(hostPort), send, close }
}

function dockerOf(side) {
  const env = { ...process.env, DOCKER_HOST: `unix://${side.socket}` }
  return (...words) => execFileSync('docker', words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function timed(work, ...words) {
  const began = performance.now()
  work(...words)
  return (performance.now() - began) / 1000
}

function lists({ side, programs }) {
  return Number(output(programs['http-load'], [side.socket, '/v1.47/containers/json?all=1', String(parallelRequests)]))
}

function answers({ programs, a }) {
  return Number(output(programs['dns-load'], ['bench-b', '100000', '4', '16'], a))
}

async function readBack(side, note) {
  const docker = dockerOf(side)
  try {
    docker('run', '-d', '--name', 'bench-log', image, 'busybox', 'seq', '1', String(lines))
    docker('wait', 'bench-log')
    note(`reading ${lines} log lines`, side, 's', await readLogs(side, 'bench-log'))
  } finally {
    docker('rm', '-f', '-v', 'bench-log')
  }
}

/** Seconds until the last line has come; throws when one is missing. */
async function readLogs({ socket: socketPath }, name) {
  const began = performance.now()
  const sent = request({ socketPath, path: `/v1.47/containers/${name}/logs?stdout=1&stderr=1` }).end()
  const [response] = await once(sent, 'response')
  let count = 0
  for await (const chunk of response)
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count += 1
  // Frame headers have the byte of a line feed where a frame is 10 or 2560 to 2815 bytes long.
  if (count < lines) throw new Error(`${name}: ${count} of ${lines} lines`)
  return (performance.now() - began) / 1000
}

async function pidOf({ socket }, name) {
  return String((await ask(socket, 'GET', `/containers/${name}/json`)).State.Pid)
}
