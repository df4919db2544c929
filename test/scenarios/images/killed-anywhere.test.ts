import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ImageInspect, ImageSummary } from '../../../schemas/api/images.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { busyboxLayer, dockerArchive, upperLayer } from '../../support/image-archive.ts'
import { gzipped, ScriptedRegistry } from '../../support/scripted-registry.ts'
import { tar } from '../../support/tar-writer.ts'

/** Another one tries other moments. */
const seed = Number(process.env['BERTH_TEST_SEED'] ?? '20')
const rounds = 8
const longestMs = 300

/** Numbers from 0 to 1, the same for the same seed (Park and Miller). */
function randomOf(start: number): () => number {
  let state = start % 2147483647
  return () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647
  }
}

let daemon: TestDaemon
let registry: ScriptedRegistry
before(async () => {
  daemon = await TestDaemon.start()
  registry = await ScriptedRegistry.start()
  registry.image('pulled', { layers: [gzipped(busyboxLayer()), gzipped(upperLayer)] })
  await load(dockerArchive([busyboxLayer()], ['base:1']))
  await daemon.create('writer', ['busybox', 'true'], { Image: 'base:1' })
})
after(async () => {
  await registry?.[Symbol.asyncDispose]()
  await daemon?.[Symbol.asyncDispose]()
})

function load(archive: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: daemon.socket, method: 'POST', path: '/images/load' }, response => {
      response.resume().once('end', resolve).once('error', reject)
    })
    call.once('error', reject).end(archive)
  })
}

const pulledName = () => `${registry.host}/team/x:pulled`
const own = tar({ name: 'own', content: 'of the loaded image alone' })
/** What is interrupted, and the image that is there when it was not. */
const works: readonly { readonly what: string; readonly name: () => string; readonly run: () => Promise<unknown> }[] = [
  {
    what: 'load',
    name: () => 'loaded:1',
    run: () => load(dockerArchive([busyboxLayer(), upperLayer, own], ['loaded:1'])),
  },
  {
    what: 'pull',
    name: pulledName,
    run: () => daemon.request('POST', `/images/create?fromImage=${registry.host}/team/x&tag=pulled`),
  },
  {
    what: 'commit',
    name: () => 'committed:1',
    run: () => daemon.request('POST', '/commit?container=writer&repo=committed&tag=1', {}),
  },
]

const list = (...path: string[]) => readdirSync(join(daemon.dataRoot, ...path))
const exists = async (name: string) => (await daemon.request('GET', `/images/${name}/json`)).status === 200

/** Everything that is shown is whole; what is not needed goes. */
async function check(where: string): Promise<void> {
  for (const { Id } of await daemon.call<ImageSummary[]>('GET', '/images/json')) {
    const { RootFS } = await daemon.call<ImageInspect>('GET', `/images/${Id}/json`)
    for (const diffId of RootFS.Layers ?? [])
      assert.ok(existsSync(join(daemon.dataRoot, 'layers', diffId.slice(7), 'diff')), `${where}: ${Id} has ${diffId}`)
  }
  await eventually(`${where}: what was begun is gone`, () => {
    return list('images/ingest').length === 0 && !list('layers').some(name => name.startsWith('.work-'))
  })
  const index = JSON.parse(readFileSync(join(daemon.dataRoot, 'images/index.json'), 'utf8'))
  const blobs = new Set(list('images/blobs/sha256'))
  for (const { digest } of index.manifests as { digest: string }[]) assert.ok(blobs.has(digest.slice(7)), where)
  for (const hex of blobs) {
    const content = readFileSync(join(daemon.dataRoot, 'images/blobs/sha256', hex))
    assert.equal(createHash('sha256').update(content).digest('hex'), hex, where)
  }
}

test('killed at any moment of a load, pull, commit or removal, nothing half is shown, and the next try works', async () => {
  const random = randomOf(seed)
  for (let round = 0; round < rounds; round++) {
    const work = works[round % works.length]
    if (work === undefined) continue
    const isRemoval = round % 2 === 1
    const where = `seed ${seed}, round ${round}: ${isRemoval ? 'removal after ' : ''}${work.what}`
    if (isRemoval) await work.run()
    const running = isRemoval ? daemon.request('DELETE', `/images/${work.name()}?force=1`) : work.run()
    running.catch(() => undefined)
    await delay(random() * longestMs * (isRemoval ? 0.1 : 1))
    await daemon.kill()
    await daemon.launch()
    assert.ok(await exists('base:1'), where)
    await check(where)
    await work.run()
    assert.ok(await exists(work.name()), `${where}: the next try`)
    const id = await daemon.create(`try${round}`, ['busybox', 'true'], { Image: work.name() })
    await daemon.call('DELETE', `/containers/${id}`)
    await daemon.call('DELETE', `/images/${work.name()}`)
    assert.ok(!(await exists(work.name())), where)
  }
  await check('at the end')
})
