// The two sides of a comparison: Berth on a daemon of its own, and a peer's docker compose on a given dockerd. Both take Compose's words.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const instance = 'berthbench'

/** Starts a berthd under `folder`; answers a side: {name, socket, compose(file, ...words), load(archive), build(context, ...words), stop()}. */
export async function berthSide(root, folder) {
  const [runDir, dataRoot] = [join(folder, 'run'), join(folder, 'data')]
  const argv = [join(root, 'dist', 'berthd.cjs'), '--run-dir', runDir, '--data-root', dataRoot, '--instance', instance]
  const daemon = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] })
  const socket = join(runDir, 'berth.sock')
  for (let i = 0; i < 200 && !existsSync(socket); i++) await delay(50)
  const env = { ...process.env, BERTH_HOST: `unix://${socket}`, DOCKER_HOST: `unix://${socket}` }
  const launcher = join(root, 'dist', 'berth')
  const berth = (...words) => run(launcher, words, env)
  // The first command leaves a standby behind, which serves the next ones: as for anybody who types.
  berth('version')
  return {
    name: 'berth',
    socket,
    // Monitors are forks of the spawner and have its command line.
    engineProcesses: [new RegExp(`(berthd\\.cjs|berth-native) .*${runDir}`)],
    compose: (file, ...words) => berth('-f', file, ...words),
    composeCold: (file, ...words) => run(launcher, ['-f', file, ...words], { ...env, BERTH_STANDBY: '0' }),
    load: archive => berth('load', '-i', archive),
    build: (context, ...words) => berth('build', ...words, context),
    stop: async () => {
      daemon.kill('SIGTERM')
      await once(daemon, 'exit')
      await shutDownNetd(join(runDir, 'netd.sock'))
      spawnSync('umount', ['-l', runDir])
      removeCgroups(instance)
      rmSync(dataRoot, { recursive: true, force: true })
    },
  }
}

/** netd outlives its daemon while a container is attached; this frame ends it, with everything that it made. */
async function shutDownNetd(path) {
  const message = Buffer.from('{"id":1,"op":"shutdown"}')
  const head = Buffer.alloc(4)
  head.writeUInt32BE(message.length)
  const socket = connect(path)
  socket.on('error', () => {}).resume()
  socket.write(Buffer.concat([head, message]))
  await new Promise(resolve => socket.once('close', resolve))
}

/** The root of the instance's groups, in whatever hierarchies have one; empty by now. */
function removeCgroups(name) {
  for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')]) {
    try {
      rmdirSync(join('/sys/fs/cgroup', hierarchy, name))
    } catch {
      // Not made in this hierarchy.
    }
  }
}

/** The peer, when one is given by BENCH_PEER_HOST and BENCH_PEER_COMPOSE; otherwise undefined. It builds when BENCH_PEER_BUILDX is given too. */
export function peerSide() {
  const { BENCH_PEER_HOST: host, BENCH_PEER_COMPOSE: compose, BENCH_PEER_BUILDX: buildx } = process.env
  if (!host || !compose) return undefined
  const env = { ...process.env, DOCKER_HOST: host }
  return {
    name: 'docker',
    socket: host.replace('unix://', ''),
    engineProcesses: [/^\S*(dockerd|containerd|containerd-shim-\S+|docker-proxy) /],
    compose: (file, ...words) => run(compose, ['-f', file, ...words], env),
    load: archive => run('docker', ['load', '-q', '-i', archive], env),
    ...(buildx ? { build: (context, ...words) => run(buildx, ['build', '--load', ...words, context], env) } : {}),
    stop: async () => {},
  }
}

/** Runs one command to its end; answers the wall time in seconds. Throws with its output when it fails. */
function run(command, argv, env) {
  const began = process.hrtime.bigint()
  const { status, stdout, stderr } = spawnSync(command, argv, { env, maxBuffer: 1 << 26 })
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  if (status !== 0) throw new Error(`${command} ${argv.join(' ')}: exit ${status}\n${stdout}${stderr}`)
  return seconds
}
