import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EventBus } from '../../../engine/events/bus.ts'
import type { Attachment, NetworkRequest } from '../../../engine/networks/attachments.ts'
import { type Networks, openNetworks } from '../../../engine/networks/open.ts'
import { startSpawner } from '../../../engine/runtime/spawner.ts'
import { Store } from '../../../engine/store/store.ts'
import { removeCgroups } from '../../support/tidy-run-dir.ts'

const run = promisify(execFile)
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

/**
 * The real engine/networks over the real spawner and netd, in a network namespace of its own that plays the host: lo is up and `up0` has 198.51.100.1/24, so nothing of
 * the machine's own network is touched.
 */
export interface Lab {
  readonly networks: () => Networks
  readonly events: EventBus
  readonly netdPid: () => number
  /** A process that is in the namespace that plays the host, and stays there: netd itself is now and then in one that it makes. */
  readonly hostPid: () => number
  /** Runs a command in the namespace that plays the host; resolves with what it printed. */
  host(...command: readonly string[]): Promise<string>
  /** The same inside an attached container. */
  inside(attachment: Attachment, ...command: readonly string[]): Promise<string>
  /** Runs JavaScript in a namespace until the test ends; resolves when it has printed a line. */
  serve(where: Attachment | 'host', script: string): Promise<ChildProcess>
  container(
    name: string,
    request?: Partial<NetworkRequest>,
  ): Promise<{ readonly id: string; readonly attachment: Attachment }>
  /** Closes berthd's side and opens it again from the same store. */
  restartEngine(): Promise<void>
  killNetd(): Promise<void>
  close(): Promise<void>
}

let count = 0

/** The id of the container with that name. */
export const containerId = (name: string): string => createHash('sha256').update(name).digest('hex')

/** With `neighbour`, a second daemon on the same host: both see the same interfaces. */
export async function openLab(neighbour?: Lab): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-net-'))
  const runDir = join(directory, 'run')
  const instance = `nt${process.pid}x${++count}`
  const wrapper = join(directory, 'native')
  const native = join(process.env['BERTH_ROOT'] ?? '.', 'dist/berth-native')
  const namespace =
    neighbour === undefined ? '/usr/bin/unshare --net' : `/usr/bin/nsenter --net=/proc/${neighbour.hostPid()}/ns/net`
  await writeFile(wrapper, `#!/bin/sh\nexec ${namespace} -- ${native} "$@"\n`)
  await chmod(wrapper, 0o755)
  const spawner = await startSpawner({ native: wrapper, runDir, instance, onLost: () => undefined })
  const events = new EventBus({ now: Date.now })
  const children: ChildProcess[] = []
  let netdPid = 0
  let spawnerPid = 0
  const countingSpawner = {
    netd: async () => {
      const answer = await spawner.netd()
      netdPid = answer.pid
      spawnerPid = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${netdPid}/status`, 'utf8'))?.[1])
      return answer
    },
  }
  let store = await Store.open(join(directory, 'state'))
  const open = () => openNetworks({ store, events, spawner: countingSpawner, runDir, log: silent })
  let networks = await open()
  const netnsOf = (where: Attachment | 'host'): string =>
    where === 'host' ? `/proc/${spawnerPid}/ns/net` : (where.netnsPath ?? '')
  const enter = async (where: Attachment | 'host', command: readonly string[]): Promise<string> => {
    const { stdout } = await run('nsenter', [`--net=${netnsOf(where)}`, '--', ...command], { timeout: 20_000 })
    return stdout.trim()
  }
  const host = (...command: readonly string[]): Promise<string> => enter('host', command)
  if (neighbour === undefined)
    await host(
      'sh',
      '-c',
      'ip link set lo up; ip link add up0 type bridge; ip addr add 198.51.100.1/24 dev up0; ip link set up0 up',
    )
  return {
    networks: () => networks,
    events,
    netdPid: () => netdPid,
    hostPid: () => spawnerPid,
    host,
    inside: (attachment, ...command) => enter(attachment, command),
    serve: async (where, script) => {
      const child = spawn('nsenter', [`--net=${netnsOf(where)}`, '--', process.execPath, '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(child)
      await new Promise((resolve, reject) => {
        child.stdout.once('data', resolve)
        child.once('error', reject)
        child.once('exit', code => reject(new Error(`the server ended with ${code} before it was ready`)))
      })
      return child
    },
    container: async (name, request = {}) => {
      const id = containerId(name)
      await networks.containers.reserve({
        containerId: id,
        name,
        hostname: id.slice(0, 12),
        mode: 'default',
        endpoints: {},
        exposedPorts: [],
        portBindings: {},
        publishAllPorts: false,
        dns: ['127.0.0.1'],
        dnsOptions: [],
        sysctls: {},
        labels: {},
        ...request,
      })
      return { id, attachment: await networks.containers.attach(id) }
    },
    restartEngine: async () => {
      networks.close()
      await store.close()
      store = await Store.open(join(directory, 'state'))
      networks = await open()
    },
    killNetd: async () => {
      process.kill(netdPid, 'SIGKILL')
    },
    close: async () => {
      for (const child of children) child.kill('SIGKILL')
      const containers = new Map<string, { readonly isRunning: boolean }>()
      await networks.containers.reconcile(containers)
      networks.close()
      await store.close()
      await spawner.close()
      try {
        process.kill(netdPid, 'SIGTERM')
      } catch (error) {
        // It has ended with the engine when no container was attached.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
      await run('umount', ['-R', '-l', runDir]).catch(() => undefined)
      removeCgroups(instance)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** An HTTP server that answers with its name and the client's address. */
export const httpServer = (name: string, port: number, host = '0.0.0.0'): string => `
  require('node:http').createServer((request, response) => response.end('${name} ' + request.socket.remoteAddress))
    .listen(${port}, '${host}', () => console.log('ready'))`

/** A UDP server that echoes with its name. */
export const udpServer = (name: string, port: number): string => `
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('message', (data, from) => socket.send('${name} ' + data, from.port, from.address))
  socket.bind(${port}, '0.0.0.0', () => console.log('ready'))`

/** Prints a UDP server's answer, or \`none\`. */
export const udpAsk = (address: string, port: number): string => `
  const socket = require('node:dgram').createSocket('${address.includes(':') ? 'udp6' : 'udp4'}')
  socket.on('message', data => { console.log(String(data)); process.exit() })
  socket.send('hello', ${port}, '${address}')
  setTimeout(() => { console.log('none'); process.exit() }, 2000)`

/** Prints what a DNS question to 127.0.0.11 is answered: addresses or names joined by commas, or the error's code. */
export const resolve = (name: string, type: string): string => `
  const resolver = new (require('node:dns').Resolver)({ timeout: 3000, tries: 1 })
  resolver.setServers(['127.0.0.11'])
  resolver.resolve('${name}', '${type}', (error, answer) => console.log(error ? error.code : answer.join(',')))`
