import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ImageSummary } from '../../../schemas/api/images.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { busyboxLayer, dockerArchive, sha256, upperLayer } from '../../support/image-archive.ts'
import { tar } from '../../support/tar-writer.ts'

describe('a daemon that is killed', () => {
  let daemon: TestDaemon
  before(async () => {
    daemon = await TestDaemon.start()
  })
  after(() => daemon?.[Symbol.asyncDispose]())

  const list = (...path: string[]) => readdirSync(join(daemon.dataRoot, ...path))
  const images = async () => (await daemon.request('GET', '/images/json')).json as ImageSummary[]
  const top = (n: number) => tar({ name: `file-${n}`, content: `content ${n}` })

  /** Begins a load; `end` sends the rest and waits for the answer. */
  function startLoad(archive: Buffer, sent: number): { readonly end: () => Promise<void>; readonly drop: () => void } {
    const call = request({ socketPath: daemon.socket, method: 'POST', path: '/images/load' })
    const answered = new Promise<void>((resolve, reject) => {
      call.once('error', reject)
      call.once('response', response => response.resume().once('end', resolve))
    })
    answered.catch(() => undefined)
    call.write(archive.subarray(0, sent))
    const end = async () => {
      call.end(archive.subarray(sent))
      await answered
    }
    return { end, drop: () => call.destroy() }
  }

  test('in the middle of a load leaves nothing', async () => {
    const archive = dockerArchive([busyboxLayer(), upperLayer], ['x:1'])
    // All of the first layer, nothing of what says whose it is.
    const load = startLoad(archive, busyboxLayer().length + 1024)
    await eventually('a layer is unpacked', () => existsSync(join(daemon.dataRoot, 'layers', sha256(busyboxLayer()))))
    await daemon.kill()
    load.drop()
    await daemon.launch()
    assert.deepEqual(await images(), [])
    await eventually('all of it is collected', () => {
      return [list('layers'), list('images/ingest'), list('images/blobs/sha256')].every(names => names.length === 0)
    })
    await startLoad(archive, 0).end()
    assert.deepEqual(
      (await images()).map(({ RepoTags }) => RepoTags),
      [['x:1']],
    )
  })

  test('at a removal or while it collects takes nothing that others use', async () => {
    for (let round = 0; round < 4; round++) {
      await startLoad(dockerArchive([upperLayer, busyboxLayer(), top(round)], [`gone:${round}`]), 0).end()
      const removal = round % 2 === 0 ? ['DELETE', `/images/gone:${round}`] : ['POST', `/images/prune?filters=${all}`]
      const [method = '', path = ''] = removal
      if (round % 2 === 1) await daemon.request('POST', '/containers/create?name=user', { Image: 'x:1' })
      void daemon.request(method, path).catch(() => undefined)
      if (round > 1)
        await eventually('the removal is on record', async () => !(await names()).includes(`gone:${round}`))
      await daemon.kill()
      await daemon.launch()
      const left = await names()
      assert.ok(left.includes('x:1'), `${round}: ${left}`)
      const program = join(daemon.dataRoot, 'layers', sha256(busyboxLayer()), 'diff/bin/busybox')
      assert.deepEqual(readFileSync(program), readFileSync('/bin/busybox'))
      for (const hex of list('images/blobs/sha256')) {
        const content = readFileSync(join(daemon.dataRoot, 'images/blobs/sha256', hex))
        assert.equal(createHash('sha256').update(content).digest('hex'), hex)
      }
      if (round % 2 === 1) await daemon.request('DELETE', '/containers/user')
      if (left.includes(`gone:${round}`)) await daemon.request('DELETE', `/images/gone:${round}`)
      await eventually('what only the removed image had is gone', () => {
        return !existsSync(join(daemon.dataRoot, 'layers', sha256(top(round))))
      })
    }
  })

  const all = encodeURIComponent(JSON.stringify({ dangling: ['false'] }))
  const names = async () => (await images()).flatMap(({ RepoTags }) => RepoTags)
})
