// What the Engine API costs by itself, driven by the same clients on each side: the docker command line, plain HTTP, programs inside the containers' networks.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { get } from './memory.mjs'
import { image } from './stacks.mjs'

const lines = 1_000_000
const parallelRequests = 1000
const questions = 20_000
const megabytes = 2048

/** Measures a side; `note(work, unit, value)` takes each figure. */
export async function engineFigures(side, note) {
  const docker = dockerOf(side)
  const sleeper = (name, ...flags) =>
    docker('run', '-d', '--name', name, '--network', 'benchnet', ...flags, image, 'sleep', '1000000')
  docker('network', 'create', 'benchnet')
  try {
    sleeper('bench-a')
    sleeper('bench-b', '-p', '127.0.0.1:18999:9000')
    for (let i = 0; i < 5; i++) {
      note('docker run --rm true', 's', timed(docker, 'run', '--rm', image, 'true'))
      note('docker exec true', 's', timed(docker, 'exec', 'bench-a', 'true'))
    }
    note(`${parallelRequests} lists of containers at once`, 's', await manyLists(side))
    docker('run', '-d', '--name', 'bench-log', image, 'busybox', 'seq', '1', String(lines))
    docker('wait', 'bench-log')
    note(`reading ${lines} log lines`, 's', await readLogs(side, 'bench-log'))
    const [a, b] = [await pidOf(side, 'bench-a'), await pidOf(side, 'bench-b')]
    note('DNS answers per second', '1/s', ask(a, 'bench-b'))
    const address = (await get(side.socket, '/containers/bench-b/json')).NetworkSettings.Networks.benchnet.IPAddress
    note('container to container', 'MB/s', await throughput(b, ['nsenter', '-t', a, '-n'], address, 9000))
    note('host to published port', 'MB/s', await throughput(b, [], '127.0.0.1', 18999))
  } finally {
    docker('rm', '-f', '-v', 'bench-a', 'bench-b', 'bench-log')
    docker('network', 'rm', 'benchnet')
  }
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

async function manyLists({ socket }) {
  const began = performance.now()
  await Promise.all(Array.from({ length: parallelRequests }, () => get(socket, '/containers/json?all=1')))
  return (performance.now() - began) / 1000
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
  return String((await get(socket, `/containers/${name}/json`)).State.Pid)
}

/** A-questions for one name, 64 at a time, to the resolver of the container's network; answers how many a second. */
function ask(pid, name) {
  const script = `
    const packet = Buffer.concat([Buffer.from([0,0,1,0,0,1,0,0,0,0,0,0]), Buffer.from([${name.length}]), Buffer.from('${name}'), Buffer.from([0,0,1,0,1])])
    const socket = require('node:dgram').createSocket('udp4')
    let sent = 0, got = 0
    const send = () => { packet.writeUInt16BE(sent++ & 0xffff, 0); socket.send(packet, 53, '127.0.0.11') }
    const began = performance.now()
    socket.on('message', answer => {
      if (answer.readUInt16BE(6) !== 1) throw new Error('no answer')
      if (++got === ${questions}) { console.log(got / (performance.now() - began) * 1000); process.exit() }
      if (sent < ${questions}) send()
    })
    for (let i = 0; i < 64; i++) send()
    setTimeout(() => process.exit(1), 30000)`
  return Number(inNetwork(['nsenter', '-t', pid, '-n'], script))
}

/** MB/s of one TCP connection from a client's network to a server in the container's. */
async function throughput(serverPid, enterClient, address, port) {
  const server = spawn('nsenter', [
    ...['-t', serverPid, '-n', process.execPath, '-e'],
    `require('node:net').createServer(socket => { let got = 0; socket.on('data', data => { got += data.length; if (got >= ${megabytes} * 1048576) socket.end('done') }) }).listen(9000, '0.0.0.0', () => console.log('ready'))`,
  ])
  try {
    await once(server.stdout, 'data')
    const script = `
      const socket = require('node:net').connect(${port}, '${address}'), block = Buffer.alloc(1048576)
      let sent = 0
      const began = performance.now()
      const push = () => { while (sent++ < ${megabytes}) if (!socket.write(block)) return }
      socket.on('connect', push).on('drain', push)
      socket.on('data', () => { console.log(${megabytes} / (performance.now() - began) * 1000); process.exit() })`
    return Number(inNetwork(enterClient, script))
  } finally {
    server.kill('SIGKILL')
  }
}

function inNetwork(enter, script) {
  const [command, ...argv] = [...enter, process.execPath, '-e', script]
  const { status, stdout, stderr } = spawnSync(command, argv, { encoding: 'utf8', timeout: 60_000 })
  if (status !== 0) throw new Error(`${enter.join(' ')}: ${stderr}`)
  return stdout
}
