import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { EventBus } from '../../../engine/events/bus.ts'
import type { Disk } from '../../../engine/images/disk.ts'
import { pruneImages, removeImage } from '../../../engine/images/remove.ts'
import { saveImages, selectForSave } from '../../../engine/images/save.ts'
import { ImageService } from '../../../engine/images/service.ts'
import { tagImage } from '../../../engine/images/tag.ts'
import { imageUsage } from '../../../engine/images/usage.ts'
import { inspectImage } from '../../../engine/images/view.ts'
import { eventually } from '../../support/eventually.ts'
import { busyboxLayer, dockerArchive, sha256, upperLayer } from '../../support/image-archive.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { tar } from '../../support/tar-writer.ts'

describe('image store', () => {
  let layerWorkers: TestWorkers
  let dataRoot: string
  let service: ImageService
  const events: string[] = []
  before(() => {
    layerWorkers = startLayerWorkers()
  })
  after(() => layerWorkers[Symbol.asyncDispose]())
  beforeEach(async () => {
    dataRoot = mkdtempSync(join(layerWorkers.folder, 'data-'))
    service = await open()
  })

  function newService(disk?: Disk): ImageService {
    const bus = new EventBus({ now: Date.now })
    bus.subscribe(event => events.push(event.Action))
    return new ImageService({
      dataRoot,
      workers: layerWorkers.workers,
      events: bus,
      maxLayerBytes: 1 << 30,
      ...(disk && { disk }),
    })
  }

  async function open(disk?: Disk): Promise<ImageService> {
    const opened = newService(disk)
    assert.deepEqual(await opened.open(), [])
    return opened
  }

  async function load(archive: Buffer): Promise<string[]> {
    const lines: string[] = []
    await service.load(Readable.from([archive]), {
      signal: new AbortController().signal,
      onProgress: message => lines.push(message.stream ?? message.status ?? ''),
    })
    return lines
  }

  const layerFolders = () => readdirSync(join(dataRoot, 'layers')).filter(name => !name.startsWith('.work-'))
  const blobs = () => readdirSync(join(dataRoot, 'images/blobs/sha256'))

  test('loads an archive with real programs, and they run', async () => {
    const lines = await load(dockerArchive([busyboxLayer(), upperLayer], ['bb:1', 'bb:latest']))
    assert.deepEqual(
      lines.filter(line => line.startsWith('Loaded')),
      ['Loaded image: bb:1\n', 'Loaded image: bb:latest\n'],
    )
    const image = await service.resolve('bb')
    assert.equal(image.reference, 'docker.io/library/bb:latest')
    assert.deepEqual(image.config.Cmd, ['sh'])
    assert.equal(image.lower.length, 2)
    const [upper, lower] = image.lower as [string, string]
    assert.equal(readFileSync(join(upper, 'etc/motd'), 'utf8'), 'hello')
    assert.equal(execFileSync(join(lower, 'bin/busybox'), ['echo', 'works'], { encoding: 'utf8' }), 'works\n')
    assert.deepEqual(await service.resolve(image.id.slice(7, 19)), { ...image, reference: image.id })
    assert.ok(events.includes('load'))
  })

  test('survives a restart, and unpacks a lost layer again from its blob', async () => {
    await load(dockerArchive([busyboxLayer(), upperLayer], ['bb:1']))
    const image = await service.resolve('bb:1')
    rmSync(join(image.lower[1] ?? '', '..'), { recursive: true })
    mkdirSync(join(dataRoot, 'layers/.work-left-over'))
    writeFileSync(join(dataRoot, 'images/ingest/half'), 'half')
    service = await open()
    assert.deepEqual(await service.resolve('bb:1'), image)
    assert.ok(existsSync(join(image.lower[1] ?? '', 'bin/busybox')))
    assert.ok(!existsSync(join(dataRoot, 'layers/.work-left-over')))
    assert.ok(!existsSync(join(dataRoot, 'images/ingest/half')))
  })

  test('lies are refused and leave nothing behind', async t => {
    const wrong = 'a'.repeat(64)
    const lies: Record<string, [Buffer, RegExp]> = {
      'diff id': [
        dockerArchive([upperLayer], ['x'], { diffIds: [`sha256:${wrong}`] }),
        /does not match the image configuration/,
      ],
      'number of layers': [
        dockerArchive([upperLayer, busyboxLayer()], ['x'], { diffIds: [`sha256:${sha256(upperLayer)}`] }),
        /has 2 layers, but its configuration names 1/,
      ],
      'configuration digest': [
        dockerArchive([upperLayer], ['x'], { configName: `${wrong}.json` }),
        /does not match its digest/,
      ],
      'missing layer': [
        tar({ name: 'manifest.json', content: JSON.stringify([{ Config: 'c', RepoTags: [], Layers: ['nope'] }]) }),
        /the archive has no c/,
      ],
      'no manifest': [tar({ name: 'x', content: 'y' }), /neither manifest.json nor index.json/],
      'not a tar': [Buffer.from('x'.repeat(2000)), /malformed tar/],
      truncated: [dockerArchive([busyboxLayer()], ['x']).subarray(0, 100_000), /ends in the middle/],
      'hostile layer': [dockerArchive([tar({ name: '../../../../etc/evil', content: 'x' })], ['x']), /goes up/],
      'bad JSON': [tar({ name: 'manifest.json', content: '[{' }), /manifest.json is no JSON/],
      'index that is a manifest too': [ociConfusion(), /neither a plain image manifest nor an index/],
      'blob is not its digest': [
        tar(
          {
            name: 'index.json',
            content: JSON.stringify({
              schemaVersion: 2,
              manifests: [
                { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${wrong}`, size: 2 },
              ],
            }),
          },
          { name: `blobs/sha256/${wrong}`, content: '{}' },
        ),
        /does not match its digest/,
      ],
    }
    for (const [name, [archive, message]] of Object.entries(lies)) {
      await t.test(name, async () => {
        await assert.rejects(load(archive), { code: 'INVALID_ARGUMENT', message })
        await eventually('nothing is left', () => layerFolders().length === 0 && blobs().length === 0)
        assert.deepEqual(service.store.catalog.list(), [])
      })
    }
  })

  test('a transport is loaded on demand, once, and again when the file changes', async () => {
    const path = join(dataRoot, 'x.tar')
    writeFileSync(path, dockerArchive([upperLayer], ['x:1']))
    const [first, second] = await Promise.all([
      service.resolve(`docker-archive:${path}`),
      service.resolve(`docker-archive:${path}:x:1`),
    ])
    assert.equal(first.id, second.id)
    await assert.rejects(service.resolve(`docker-archive:${path}:y`), {
      code: 'NOT_FOUND',
      message: /has no image "y"; it has: x:1/,
    })
    writeFileSync(path, gzipSync(dockerArchive([busyboxLayer()], ['x:1'])))
    assert.notEqual((await service.resolve(`docker-archive:${path}`)).id, first.id)
    await assert.rejects(service.resolve('docker-archive:/nowhere.tar'), {
      code: 'NOT_FOUND',
      message: 'No such image: docker-archive:/nowhere.tar',
    })
  })

  test('what skopeo makes of it, it reads; what it saves, skopeo reads', {
    skip: !existsSync('/usr/bin/skopeo'),
  }, async () => {
    const path = join(dataRoot, 'x.tar')
    writeFileSync(path, dockerArchive([busyboxLayer(), upperLayer], ['x:1']))
    const skopeo = (...args: string[]) =>
      execFileSync('/usr/bin/skopeo', ['--insecure-policy', ...args], { encoding: 'utf8' })
    skopeo('copy', '-q', `docker-archive:${path}`, `oci:${dataRoot}/layout:x`)
    skopeo('copy', '-q', `docker-archive:${path}`, `oci-archive:${dataRoot}/oci.tar`)
    const id = (await service.resolve(`docker-archive:${path}`)).id
    // skopeo converts the configuration to OCI's form, so only the content is the same.
    const layout = await service.resolve(`oci:${dataRoot}/layout:x`)
    const archive = await service.resolve(`oci-archive:${dataRoot}/oci.tar`)
    assert.equal(layout.id, archive.id)
    assert.deepEqual(layout.lower, (await service.resolve(id)).lower)
    await tagImage(service, archive.id, 'saved', 'v1')
    const out = join(dataRoot, 'out.tar')
    const pieces: Buffer[] = []
    for await (const piece of saveImages(service, selectForSave(service, ['saved:v1']))) pieces.push(piece)
    writeFileSync(out, Buffer.concat(pieces))
    for (const source of [`docker-archive:${out}`, `oci-archive:${out}`]) {
      const inspected = JSON.parse(skopeo('inspect', '--config', source)) as { rootfs: { diff_ids: string[] } }
      assert.deepEqual(inspected.rootfs.diff_ids, [`sha256:${sha256(busyboxLayer())}`, `sha256:${sha256(upperLayer)}`])
    }
    const before = blobs()
    await service.load(createReadStream(out), { signal: new AbortController().signal, onProgress: () => undefined })
    assert.deepEqual(blobs(), before)
    assert.deepEqual(
      inspectImage(service.store, service.store.catalog.findByName('docker.io/library/saved:v1') ?? assert.fail())
        .RepoTags,
      ['saved:v1'],
    )
  })

  test('removal follows names and containers', async () => {
    await load(dockerArchive([upperLayer], ['x:1', 'x:2']))
    const { id } = await service.resolve('x:1')
    assert.deepEqual(await removeImage(service, 'x:1', { force: false }), [{ Untagged: 'x:1' }])
    let isRunning = true
    service.use(id, { containerId: 'c'.repeat(64), isRunning: () => isRunning })
    await assert.rejects(removeImage(service, 'x:2', { force: false }), {
      code: 'CONFLICT',
      message: /unable to remove repository reference "x:2" \(must force\) - container cccccccccccc/,
    })
    await assert.rejects(removeImage(service, id, { force: true }), {
      code: 'CONFLICT',
      message: /cannot be forced.*running container/,
    })
    isRunning = false
    assert.deepEqual(await removeImage(service, id, { force: true }), [{ Untagged: 'x:2' }, { Deleted: id }])
    assert.deepEqual(service.store.catalog.list(), [])
    // The stopped container can still start, also after a restart of the daemon.
    service = await open()
    service.use(id, { containerId: 'c'.repeat(64), isRunning: () => isRunning })
    assert.equal((await service.resolve(id)).lower.length, 1)
    service.release(id, 'c'.repeat(64))
    await eventually('everything is gone', () => layerFolders().length === 0 && blobs().length === 0)
    await assert.rejects(service.resolve(id), { code: 'NOT_FOUND' })
  })

  test('digests go with the last tag; an id with two tags needs force; sizes and what is shared are told', async () => {
    await load(dockerArchive([busyboxLayer(), upperLayer], ['x:1', 'x:2']))
    await load(dockerArchive([busyboxLayer()], ['one']))
    const { id } = await service.resolve('x:1')
    const image = service.store.catalog.get(id)
    if (image === undefined) throw new Error('the image is gone')
    const byDigest = `docker.io/library/x@${image.manifestDigest}`
    await service.store.catalog.put(image, [byDigest], new Date())
    await assert.rejects(removeImage(service, id, { force: false }), {
      code: 'CONFLICT',
      message: /multiple repositories/,
    })
    const busybox = statSync('/bin/busybox').size
    const usage = imageUsage(service)
    assert.equal(usage.layersSize, busybox + 'hello'.length)
    assert.deepEqual(
      new Set(usage.images.map(({ Size, SharedSize }) => `${Size} ${SharedSize}`)),
      new Set([`${busybox + 'hello'.length} ${busybox}`, `${busybox} ${busybox}`]),
    )
    assert.deepEqual(await removeImage(service, 'x:1', { force: false }), [{ Untagged: 'x:1' }])
    const items = await removeImage(service, 'x:2', { force: false })
    assert.deepEqual(items.slice(0, 3), [
      { Untagged: 'x:2' },
      { Untagged: `x@${image.manifestDigest}` },
      { Deleted: id },
    ])
    await load(dockerArchive([busyboxLayer(), upperLayer], ['x:1']))
    const pruned = await pruneImages(service, new Map([['dangling', ['false']]]))
    assert.equal(pruned.SpaceReclaimed, busybox + 'hello'.length)
  })

  test('images share layers: removing one keeps the other whole', async () => {
    await load(dockerArchive([busyboxLayer(), upperLayer], ['two']))
    await load(dockerArchive([busyboxLayer()], ['one']))
    assert.equal(layerFolders().length, 2)
    await removeImage(service, 'two', { force: false })
    assert.equal(layerFolders().length, 1)
    assert.ok(existsSync(join((await service.resolve('one')).lower[0] ?? '', 'bin/busybox')))
  })

  test('damage on the disk is told, collects nothing, and a load mends it', async () => {
    const archive = dockerArchive([busyboxLayer(), upperLayer], ['x'])
    await load(archive)
    const image = await service.resolve('x')
    const blob = join(dataRoot, 'images/blobs/sha256', sha256(upperLayer))
    rmSync(join(image.lower[0] ?? '', '..'), { recursive: true })
    writeFileSync(blob, 'changed')
    service = await open()
    await assert.rejects(service.resolve('x'), { code: 'INVALID_ARGUMENT', message: /malformed archive/ })
    await load(archive)
    assert.deepEqual((await service.resolve('x')).lower, image.lower)
    writeFileSync(join(dataRoot, 'images/blobs/sha256', image.id.slice('sha256:'.length)), '{}')
    const before = blobs()
    service = newService()
    const [message] = await service.open()
    assert.match(message ?? '', /does not match its digest/)
    await service.store.collect()
    assert.deepEqual([blobs(), layerFolders().length], [before, 2])
    writeFileSync(join(dataRoot, 'images/index.json'), '{')
    service = newService()
    assert.match((await service.open())[0] ?? '', /index.json is damaged/)
    await service.store.collect()
    assert.deepEqual([blobs(), layerFolders().length], [before, 2])
  })

  test('after a power loss, layers that had not reached the disk are unpacked again; nobody waits for the disk', async () => {
    const never: Disk = { bootId: 'first', syncDisk: () => new Promise(() => {}) }
    service = await open(never)
    await load(dockerArchive([busyboxLayer()], ['x']))
    const program = join((await service.resolve('x')).lower[0] ?? '', 'bin/busybox')
    // What an unclean end of the machine does to a file that was just written.
    writeFileSync(program, '')
    service = await open({ ...never, bootId: 'second' })
    assert.equal((await service.resolve('x')).lower.length, 1)
    assert.ok(statSync(program).size > 1_000_000)

    const synced: string[] = []
    const disk = { bootId: 'third', syncDisk: async (folder: string) => void synced.push(folder) }
    service = await open(disk)
    await service.resolve('x')
    await eventually('the layer is known to be on the disk', () => existsSync(join(program, '../../../durable')))
    assert.deepEqual(synced, [join(dataRoot, 'layers')])
    const { ino } = statSync(program)
    service = await open({ ...disk, bootId: 'fourth' })
    assert.equal((await service.resolve('x')).lower.length, 1)
    assert.equal(statSync(program).ino, ino, 'a durable layer stays')
  })

  test('a full disk is told, leaves nothing half there, and is over when there is room', async t => {
    const disk = join(dataRoot, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk])
    t.after(() => execFileSync('umount', ['-l', disk]))
    dataRoot = disk
    service = await open()
    const big = tar({ name: 'big', content: Buffer.alloc(4 << 20, 1) })
    // The blob fits, the unpacked layer does not; then not even the blob.
    await assert.rejects(load(dockerArchive([big], ['x'])), { code: 'NO_SPACE' })
    await assert.rejects(load(dockerArchive([tar({ name: 'big', content: Buffer.alloc(8 << 20, 1) })], ['x'])), {
      code: 'NO_SPACE',
    })
    await eventually('nothing is left', () => readdirSync(join(disk, 'layers')).length === 0 && blobs().length === 0)
    await load(dockerArchive([upperLayer], ['small']))
    assert.equal((await service.resolve('small')).lower.length, 1)
  })

  test('a directory of the host is an image', async () => {
    const image = await service.resolve('rootfs:/usr/')
    assert.deepEqual([image.reference, image.lower, image.hostTree], ['rootfs:/usr', ['/usr'], '/usr'])
    await assert.rejects(service.resolve('rootfs:/nowhere'), { code: 'NOT_FOUND' })
  })
})

/** One document that is an index and a manifest at once. */
function ociConfusion(): Buffer {
  const both = JSON.stringify({ schemaVersion: 2, manifests: [], layers: [], config: {} })
  const index = {
    schemaVersion: 2,
    manifests: [
      { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${sha256(both)}`, size: both.length },
    ],
  }
  return tar(
    { name: 'index.json', content: JSON.stringify(index) },
    { name: `blobs/sha256/${sha256(both)}`, content: both },
  )
}
