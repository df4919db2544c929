import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { EventBus } from '../../../engine/events/bus.ts'
import { Store } from '../../../engine/store/store.ts'
import type { MountRequest } from '../../../engine/volumes/mounts.ts'
import { type VolumeRecord, VolumeService } from '../../../engine/volumes/service.ts'
import { eventually } from '../../support/eventually.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'

const mountOf = (name: string, isReadOnly = false): MountRequest => ({
  kind: 'volume',
  name,
  target: '/data',
  isReadOnly,
})
const tmpfs = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,mode=0750,noexec' }

/** Kernel mounts: type and options of what is mounted at a path; undefined when nothing is. */
function mountAt(path: string): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find(text => text.split(' ')[4] === path)
  return line?.split(' ').slice(5).join(' ')
}

describe('volumes with a file system of their own', () => {
  let layerWorkers: TestWorkers
  let dataRoot: string
  let store: Store
  let service: VolumeService
  const data = (name: string): string => join(dataRoot, 'volumes', name, '_data')
  before(() => {
    layerWorkers = startLayerWorkers()
  })
  after(() => layerWorkers[Symbol.asyncDispose]())
  beforeEach(async () => {
    dataRoot = mkdtempSync(join(layerWorkers.folder, 'data-'))
    await open()
  })
  afterEach(async () => {
    for (const volume of service.list()) await layerWorkers.workers.unmount(data(volume.name))
    await store.close()
  })

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

  test('a tmpfs is mounted for the first container, shared with the second, gone after the last', async () => {
    await service.create({ name: 'scratch', options: tmpfs })
    const [resolved] = await service.prepare('one', [mountOf('scratch')], [])
    assert.equal(resolved?.source, data('scratch'))
    assert.match(mountAt(data('scratch')) ?? '', /noexec.*tmpfs tmpfs .*size=1024k,mode=750/)
    assert.equal(statfsSync(data('scratch')).blocks * statfsSync(data('scratch')).bsize, 1024 * 1024)
    writeFileSync(join(data('scratch'), 'note'), 'kept')
    await service.prepare('two', [mountOf('scratch')], [])
    assert.equal(readFileSync(join(data('scratch'), 'note'), 'utf8'), 'kept')
    await service.unmount('one')
    assert.ok(mountAt(data('scratch')))
    await service.unmount('two')
    assert.equal(mountAt(data('scratch')), undefined)
    assert.ok(!existsSync(join(data('scratch'), 'note')))
  })

  test('a bind shows a folder of the host, and removing the volume leaves that folder', async () => {
    const folder = join(dataRoot, 'host')
    mkdirSync(folder)
    writeFileSync(join(folder, 'precious'), 'kept')
    await service.create({ name: 'bound', options: { type: 'none', device: folder, o: 'bind,ro' } })
    await service.prepare('one', [mountOf('bound')], [])
    assert.equal(readFileSync(join(data('bound'), 'precious'), 'utf8'), 'kept')
    assert.match(mountAt(data('bound')) ?? '', /^ro/)
    // As after a crash: nobody is on record as its user, and it is still mounted.
    await service.remove('bound')
    await eventually('the volume is gone', () => !existsSync(join(dataRoot, 'volumes/bound')))
    assert.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'kept')
  })

  test('a restarted daemon takes over what is mounted', async () => {
    await service.create({ name: 'scratch', options: tmpfs })
    await service.prepare('one', [mountOf('scratch')], [])
    writeFileSync(join(data('scratch'), 'note'), 'kept')
    await store.close()
    await open()
    service.adopt('one', [mountOf('scratch')], true)
    await service.prepare('two', [mountOf('scratch')], [])
    assert.equal(readFileSync(join(data('scratch'), 'note'), 'utf8'), 'kept')
    await service.unmount('two')
    assert.ok(mountAt(data('scratch')))
    await service.unmount('one')
    assert.equal(mountAt(data('scratch')), undefined)
  })

  test('what the kernel refuses is told in dockerd’s words, and the next start tries again', async () => {
    await service.create({ name: 'odd', options: { type: 'nope', device: 'x' } })
    await assert.rejects(service.prepare('one', [mountOf('odd')], []), {
      message: `error while mounting volume '${data('odd')}': failed to mount local volume: mount x:${data('odd')}: No such device`,
    })
    await service.create({ name: 'gone', options: { type: 'none', device: join(dataRoot, 'later'), o: 'bind' } })
    await assert.rejects(service.prepare('one', [mountOf('gone')], []), { message: /No such file or directory/ })
    mkdirSync(join(dataRoot, 'later'))
    await service.prepare('one', [mountOf('gone')], [])
    assert.ok(mountAt(data('gone')))
    // The syntax of NFS reaches the kernel; nobody exports anything here.
    await service.create({
      name: 'share',
      options: { type: 'nfs', device: ':/export', o: 'addr=127.0.0.1,soft,timeo=1,retrans=0' },
    })
    await assert.rejects(service.prepare('one', [mountOf('share')], []), { message: /mount :\/export:/ })
  })
})
