import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { EventBus } from '../../../engine/events/bus.ts'
import { Store } from '../../../engine/store/store.ts'
import type { MountRequest } from '../../../engine/volumes/mounts.ts'
import { type VolumeRecord, VolumeService } from '../../../engine/volumes/service.ts'
import { pruneVolumes, selectVolumes } from '../../../engine/volumes/view.ts'
import { eventually } from '../../support/eventually.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'

const volume = (
  name: string,
  target = '/data',
  more: Partial<Extract<MountRequest, { kind: 'volume' }>> = {},
): MountRequest => ({ kind: 'volume', name, target, isReadOnly: false, ...more })

describe('volumes', () => {
  let layerWorkers: TestWorkers
  let dataRoot: string
  let store: Store
  let service: VolumeService
  before(() => {
    layerWorkers = startLayerWorkers()
  })
  after(() => layerWorkers[Symbol.asyncDispose]())
  beforeEach(async () => {
    dataRoot = mkdtempSync(join(layerWorkers.folder, 'data-'))
    await open()
  })
  afterEach(() => store.close())

  async function open(): Promise<void> {
    store = await Store.open(join(dataRoot, 'state'))
    service = new VolumeService({
      dataRoot,
      volumes: store.collection<VolumeRecord>('volumes'),
      workers: layerWorkers.workers,
      events: new EventBus({ now: Date.now }),
      layersOf: () => Promise.reject(new Error('no image is mounted here')),
    })
  }

  /** Two layers: the upper hides a file of the lower and replaces another. */
  function image(): string[] {
    const lower = join(dataRoot, 'lower')
    const upper = join(dataRoot, 'upper')
    mkdirSync(join(lower, 'data/sub'), { recursive: true })
    mkdirSync(join(upper, 'data'), { recursive: true })
    writeFileSync(join(lower, 'data/hidden'), 'hidden')
    writeFileSync(join(lower, 'data/kept'), 'kept')
    writeFileSync(join(lower, 'data/changed'), 'old')
    writeFileSync(join(upper, 'data/changed'), 'new')
    writeFileSync(join(lower, 'data/sub/one'), 'x', { mode: 0o600 })
    chownSync(join(lower, 'data/sub/one'), 1234, 5678)
    linkSync(join(lower, 'data/sub/one'), join(lower, 'data/sub/two'))
    symlinkSync('/etc/passwd', join(lower, 'data/link'))
    symlinkSync('/data', join(lower, 'alias'))
    execFileSync('mknod', [join(upper, 'data/hidden'), 'c', '0', '0'])
    chownSync(join(upper, 'data'), 999, 999)
    return [upper, lower]
  }

  test('an empty volume gets the image’s content, once', async () => {
    const lower = image()
    await service.reserve('c1', [volume('vol')])
    const mounts = [volume('vol')]
    const [first, again] = await Promise.all([
      service.prepare('c1', mounts, lower),
      service.prepare('c2', mounts, lower),
    ])
    assert.deepEqual(first, again)
    const source = first[0]?.source ?? ''
    assert.equal(source, join(dataRoot, 'volumes/vol/_data'))
    assert.deepEqual(readdirSync(source).sort(), ['changed', 'kept', 'link', 'sub'])
    assert.equal(readFileSync(join(source, 'changed'), 'utf8'), 'new')
    assert.equal(statSync(source).uid, 999)
    const one = statSync(join(source, 'sub/one'))
    assert.deepEqual([one.uid, one.gid, one.mode & 0o7777, one.nlink], [1234, 5678, 0o600, 2])
    rmSync(join(source, 'kept'))
    await service.prepare('c1', mounts, lower)
    assert.ok(!existsSync(join(source, 'kept')))
    assert.deepEqual(layerWorkers.killedBy, [])
  })

  test('symlinks of the image are followed inside the image; nocopy copies nothing', async () => {
    const lower = image()
    await service.reserve('c', [volume('aa'), volume('bb'), volume('cc')])
    const [a, b, c] = await service.prepare(
      'c',
      [volume('aa', '/alias'), volume('bb', '/data', { noCopy: true }), volume('cc', '/absent/deep')],
      lower,
    )
    assert.ok(existsSync(join(a?.source ?? '', 'kept')))
    assert.deepEqual(readdirSync(b?.source ?? ''), [])
    assert.deepEqual(readdirSync(c?.source ?? ''), [])
  })

  test('in use until the last container is gone; survives a restart', async () => {
    const [named, anonymous] = (await service.reserve('c1', [volume('keep'), volume('', '/tmp')])) as [
      MountRequest,
      MountRequest,
    ]
    assert.ok(anonymous.kind === 'volume' && /^[0-9a-f]{64}$/.test(anonymous.name))
    await assert.rejects(service.remove('keep'), { code: 'CONFLICT', message: 'remove keep: volume is in use - [c1]' })
    await store.close()
    await open()
    service.adopt('c1', [named, anonymous])
    await assert.rejects(service.remove('keep'), { code: 'CONFLICT' })
    const folder = join(dataRoot, 'volumes', anonymous.name)
    assert.ok(existsSync(folder))
    await service.release('c1', { removeAnonymous: true })
    assert.deepEqual(
      service.list().map(({ name }) => name),
      ['keep'],
    )
    assert.ok(!existsSync(folder))
    await service.remove('keep')
    await assert.rejects(service.remove('keep'), { code: 'NOT_FOUND', message: 'get keep: no such volume' })
    await service.remove('keep', { force: true })
    await eventually('files are gone', () => readdirSync(join(dataRoot, 'volumes')).length === 0)
  })

  test('prune takes anonymous ones, or all', async () => {
    await service.create({ name: 'named', labels: { a: '1' } })
    await service.create({})
    await service.reserve('c', [volume('used')])
    const filters = new Map<string, readonly string[]>()
    assert.equal((await pruneVolumes(service, filters)).VolumesDeleted?.length, 1)
    assert.deepEqual(
      selectVolumes(service, new Map([['dangling', ['true']]])).map(({ name }) => name),
      ['named'],
    )
    assert.deepEqual(
      (
        await pruneVolumes(
          service,
          new Map([
            ['all', ['true']],
            ['label', ['a=2']],
          ]),
        )
      ).VolumesDeleted,
      [],
    )
    assert.deepEqual((await pruneVolumes(service, new Map([['all', ['true']]]))).VolumesDeleted, ['named'])
  })

  test('names, drivers, options and sources are checked', async () => {
    await assert.rejects(service.create({ name: '../x' }), { code: 'INVALID_ARGUMENT', message: /invalid characters/ })
    await assert.rejects(service.create({ name: 'x' }), { code: 'INVALID_ARGUMENT', message: /too short/ })
    await assert.rejects(service.create({ name: 'xx', driver: 'nfs' }), {
      code: 'NOT_FOUND',
      message: /plugin "nfs" not found/,
    })
    await assert.rejects(service.create({ name: 'xx', options: { size: '1' } }), {
      code: 'INVALID_ARGUMENT',
      message: 'create xx: invalid option: "size"',
    })
    for (const [missing, options] of [
      ['device', { type: 'tmpfs' }],
      ['device', { o: 'size=1m' }],
      ['type', { device: '/tmp', o: 'bind' }],
    ] as const)
      await assert.rejects(service.create({ name: 'xx', options }), {
        code: 'INVALID_ARGUMENT',
        message: `create xx: missing required option: "${missing}"`,
      })
    const bind = (source: string, createsSource: boolean): MountRequest => ({
      kind: 'bind',
      source,
      target: '/x',
      isReadOnly: false,
      createsSource,
    })
    await assert.rejects(service.prepare('c', [bind(join(dataRoot, 'none'), false)], []), {
      code: 'INVALID_ARGUMENT',
      message: /bind source path does not exist/,
    })
    await service.prepare('c', [bind(join(dataRoot, 'made/deep'), true)], [])
    assert.ok(existsSync(join(dataRoot, 'made/deep')))
  })

  test('a subpath cannot leave its volume', async () => {
    await service.create({ name: 'vol' })
    const data = join(dataRoot, 'volumes/vol/_data')
    mkdirSync(join(data, 'in'))
    symlinkSync('/etc', join(data, 'out'))
    assert.equal(
      (await service.prepare('c', [volume('vol', '/x', { subpath: 'in' })], []))[0]?.source,
      join(data, 'in'),
    )
    for (const subpath of ['out', '../..'])
      await assert.rejects(service.prepare('c', [volume('vol', '/x', { subpath })], []), { code: 'INVALID_ARGUMENT' })
  })
})
