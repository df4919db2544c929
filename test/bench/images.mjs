// What images cost: pulling and loading one of five layers and some 200 MB, and the engine's memory while a large layer passes through it.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { engineMemory } from './memory.mjs'

const port = 15_077
const registry = '/usr/bin/docker-registry'
const layerBytes = 40_000_000
const largeMiB = 2048
const names = { big: 'bench-big:1', pulled: `127.0.0.1:${port}/bench/big:1`, large: 'bench-large:1' }

/** The image as an archive, and in a registry with gzip layers; undefined where the programs for that are missing. */
export async function imageFixture(folder) {
  if (!existsSync(registry) || !existsSync('/usr/bin/skopeo')) return undefined
  const work = join(folder, 'images')
  mkdirSync(work)
  const layers = fiveLayers(work)
  const archive = writeArchive(work, 'big', layers)
  writeFileSync(
    join(work, 'registry.yml'),
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${work}/registry}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
  )
  const server = spawn(registry, ['serve', join(work, 'registry.yml')], { stdio: 'ignore' })
  await delay(1000)
  const flags = ['--insecure-policy', 'copy', '-q', '--dest-tls-verify=false']
  execFileSync('skopeo', [...flags, `docker-archive:${archive}`, `docker://${names.pulled}`])
  return {
    archive,
    large: largeArchive(work),
    stop: async () => {
      server.kill('SIGKILL')
      await once(server, 'exit')
    },
  }
}

/** Measures a side once; `note(work, unit, value)` takes each figure. */
export async function imageFigures(side, fixture, note) {
  const { socket } = side
  const [repository, tag] = names.pulled.split(/:(?=[^:]*$)/)
  const pull = () => post(socket, `/images/create?fromImage=${repository}&tag=${tag}`)
  try {
    note('pull of 200 MB in five layers', 's', await timed(pull))
    await remove(socket, names.pulled)
    note('load of its archive', 's', await timed(() => post(socket, '/images/load', fixture.archive)))
    await remove(socket, names.big)
    const grown = await growth(side, () => post(socket, '/images/load', fixture.large))
    note(`memory while a layer of ${largeMiB} MiB is loaded`, 'MiB', grown)
  } finally {
    for (const name of Object.values(names)) await remove(socket, name)
  }
}

/** Files of this machine: what a real layer is like. */
function fiveLayers(work) {
  const list = execFileSync('find', ['/usr/bin', '/usr/lib', '-type', 'f', '-size', '-20000k'], { maxBuffer: 1 << 28 })
  const files = list.toString().split('\n').filter(Boolean).sort()
  return [0, 1, 2, 3, 4].map(at => {
    let bytes = 0
    const taken = []
    // Every fifth file: small and large ones in each layer.
    for (let i = at; i < files.length && bytes < layerBytes; i += 5) {
      bytes += statSync(files[i]).size
      taken.push(files[i])
    }
    const path = join(work, `layer${at}.tar`)
    execFileSync('tar', ['-cf', path, '--hard-dereference', '-T', '-'], {
      input: taken.join('\n'),
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    return path
  })
}

function writeArchive(work, name, layers) {
  const folder = join(work, name)
  mkdirSync(folder)
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'] },
    rootfs: {
      type: 'layers',
      diff_ids: layers.map(layer => `sha256:${execFileSync('sha256sum', [layer]).toString().slice(0, 64)}`),
    },
  })
  const entries = layers.map((layer, at) => {
    renameSync(layer, join(folder, `${at}.tar`))
    return `${at}.tar`
  })
  const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: [names[name]], Layers: entries }]
  writeFileSync(join(folder, `${sha256(config)}.json`), config)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  const path = join(work, `${name}-archive.tar`)
  execFileSync('tar', ['-C', folder, '-cf', path, '.'])
  rmSync(folder, { recursive: true })
  return path
}

/** One layer with one file of zeros. */
function largeArchive(work) {
  const path = join(work, 'large.tar')
  execFileSync('truncate', ['-s', `${largeMiB}M`, join(work, 'zeros')])
  execFileSync('tar', ['-C', work, '-cf', path, 'zeros'])
  return writeArchive(work, 'large', [path])
}

/** MiB that the engine's processes grew by at most during `work`. */
async function growth(side, work) {
  const before = engineMemory(side)
  let most = before
  let isDone = false
  const watching = (async () => {
    while (!isDone) {
      most = Math.max(most, engineMemory(side))
      await delay(100)
    }
  })()
  await work().finally(() => {
    isDone = true
  })
  await watching
  return most - before
}

async function timed(work) {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

/** Sends a file, or nothing; throws with what the engine says went wrong. */
async function post(socketPath, path, file) {
  const sent = request({ socketPath, method: 'POST', path: `/v1.47${path}`, agent: false })
  const answered = once(sent, 'response')
  if (file === undefined) sent.end()
  else await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), sent)
  const [response] = await answered
  let text = ''
  for await (const piece of response) text += piece
  if (response.statusCode >= 400 || text.includes('errorDetail')) throw new Error(`POST ${path}: ${text.slice(-500)}`)
}

function remove(socketPath, name) {
  return new Promise(resolve => {
    request({ socketPath, method: 'DELETE', path: `/v1.47/images/${name}?force=1`, agent: false }, response => {
      response.resume().on('end', resolve)
    }).end()
  })
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex')
}
