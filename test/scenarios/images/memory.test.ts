import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { TestDaemon } from '../../support/daemon.ts'
import { sha256 } from '../../support/image-archive.ts'
import { ScriptedRegistry, types } from '../../support/scripted-registry.ts'
import { tarItem } from '../../support/tar-writer.ts'

const mebibyte = 1024 * 1024
const contentBytes = 512 * mebibyte
const allowedGrowth = 60 * mebibyte

/** A tar with one large file: never whole in anybody's memory, this test's included. */
class LargeLayer {
  readonly size = 512 + contentBytes + 1024
  readonly digest: string
  readonly #header: Buffer

  constructor(name: string) {
    this.#header = tarItem({ name, size: contentBytes })
    const hash = createHash('sha256')
    for (const piece of this.bytes()) hash.update(piece)
    this.digest = `sha256:${hash.digest('hex')}`
  }

  *bytes(): Generator<Buffer, void, undefined> {
    yield this.#header
    const zeros = Buffer.alloc(mebibyte)
    for (let at = 0; at < contentBytes; at += mebibyte) yield zeros
    yield Buffer.alloc(1024)
  }
}

const configOf = (layer: LargeLayer) => ({
  architecture: 'amd64',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [layer.digest] },
})

/** Most bytes that the daemon had in memory during `work`, beyond what it had before. */
async function growthDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  const kibibytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  // proc(5): 5 sets the high-water mark back to what is there now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  const before = kibibytes('VmRSS')
  await work()
  return (kibibytes('VmHWM') - before) * 1024
}

test('a large layer passes through the daemon without staying in its memory, loaded and pulled', async t => {
  await using daemon = await TestDaemon.start()
  // What the code and its first use take is no layer's.
  await daemon.call('GET', '/images/json')

  const loaded = new LargeLayer('loaded')
  const loading = await growthDuring(daemon.pid, () => load(daemon, loaded))
  assert.ok(loading < allowedGrowth, `load: ${loading / mebibyte} MiB more`)

  t.diagnostic(`load: ${(loading / mebibyte).toFixed(0)} MiB more`)

  await using registry = await ScriptedRegistry.start()
  const pulled = new LargeLayer('pulled')
  registry.intercept = async (_request, response, url) => {
    if (!url.pathname.endsWith(`/blobs/${pulled.digest}`)) return false
    response.writeHead(200, { 'content-length': pulled.size })
    await pipeline(Readable.from(pulled.bytes()), response)
    return true
  }
  const { digest, size } = pulled
  registry.document(
    {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: registry.document(configOf(pulled), types.config),
      layers: [{ mediaType: types.layer, digest, size }],
    },
    types.manifest,
    'large',
  )
  const pulling = await growthDuring(daemon.pid, async () => {
    const { text } = await daemon.request('POST', `/images/create?fromImage=${registry.host}/x/y&tag=large`)
    assert.match(text, /Downloaded newer image/)
  })
  t.diagnostic(`pull: ${(pulling / mebibyte).toFixed(0)} MiB more`)
  assert.ok(pulling < allowedGrowth, `pull: ${pulling / mebibyte} MiB more`)
})

async function load(daemon: TestDaemon, layer: LargeLayer): Promise<void> {
  const config = JSON.stringify(configOf(layer))
  const manifest = JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: ['large:1'], Layers: ['layer.tar'] }])
  const archive = function* (): Generator<Buffer, void, undefined> {
    yield tarItem({ name: 'layer.tar', size: layer.size })
    yield* layer.bytes()
    yield tarItem({ name: `${sha256(config)}.json`, content: config })
    yield tarItem({ name: 'manifest.json', content: manifest })
    yield Buffer.alloc(1024)
  }
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request({ socketPath: daemon.socket, method: 'POST', path: '/images/load' }, async response => {
      let answer = ''
      for await (const piece of response) answer += String(piece)
      resolve(answer)
    })
    sent.once('error', reject)
    Readable.from(archive()).pipe(sent)
  })
  assert.match(text, /Loaded image: large:1/)
}
