import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { sendBuild } from '../../../cli/build/send-build.ts'
import { createClient } from '../../../cli/client/create-client.ts'
import type { EngineClient } from '../../../cli/client/engine-client.ts'
import { plainBuild } from '../../../cli/plan/builds.ts'
import type { BuildExtension } from '../../../schemas/api/build.ts'
import { ApiEngine } from '../../support/api-engine.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { busyboxLayer, dockerArchive } from '../../support/image-archive.ts'

type Sent = 'listing' | 'files'

const dockerfile = `FROM base:1
WORKDIR /srv
COPY a.txt part? ./
COPY . /all
RUN busybox cat a.txt > b.txt
CMD ["x"]
`

describe('builds whose context has not changed', () => {
  let daemon: TestDaemon
  let folder: string
  before(async () => {
    daemon = await TestDaemon.start()
    const api = new ApiEngine('berthd', daemon.socket, async () => undefined)
    await api.call('POST', '/images/load', dockerArchive([busyboxLayer()], ['base:1']))
  })
  after(() => daemon[Symbol.asyncDispose]())

  /** Builds `folder`; answers the image, what was sent of the context, and the output. */
  async function build(): Promise<{ readonly id: string; readonly sent: readonly Sent[]; readonly text: string }> {
    const sent: Sent[] = []
    let text = ''
    const client = createClient({ kind: 'unix', socketPath: daemon.socket, text: `unix://${daemon.socket}` })
    const watched = new Proxy(client, {
      get(target, member: keyof EngineClient) {
        if (member !== 'stream') return bound(target, member)
        return (request: Parameters<EngineClient['stream']>[0]) => {
          const header = Buffer.from(request.headers?.['X-Berth-Build'] ?? '', 'base64url').toString()
          sent.push((JSON.parse(header) as BuildExtension).isListed === true ? 'listing' : 'files')
          return target.stream(request)
        }
      },
    })
    const input = { ...plainBuild, context: join(folder, 'context'), tags: ['listed:1'], network: 'none' }
    try {
      const id = await sendBuild(watched, input, {
        secrets: new Map(),
        onText: piece => {
          text += piece
        },
        digestsFolder: join(folder, 'digests'),
      })
      return { id, sent, text }
    } finally {
      client.close()
    }
  }

  function bound(target: EngineClient, member: keyof EngineClient): unknown {
    const value: unknown = target[member]
    return typeof value === 'function' ? value.bind(target) : value
  }

  const write = (name: string, content: string): void => writeFileSync(join(folder, 'context', name), content)

  async function withContext(use: () => Promise<void>): Promise<void> {
    folder = mkdtempSync(join(tmpdir(), 'berth-listed-'))
    try {
      mkdirSync(join(folder, 'context', 'part1', 'deep'), { recursive: true })
      write('Dockerfile', dockerfile)
      write('.dockerignore', '*.log\nDockerfile\n')
      write('a.txt', 'one\n')
      write('ä b.txt', 'odd name\n')
      write('part1/deep/file', 'deep\n')
      write('noise.log', '1')
      symlinkSync('../a.txt', join(folder, 'context', 'part1', 'link'))
      await use()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  test('only a listing is sent; what changes something brings the files, and what does not, not', () =>
    withContext(async () => {
      const first = await build()
      assert.deepEqual(first.sent, ['listing', 'files'])
      const again = await build()
      assert.deepEqual(again.sent, ['listing'])
      assert.equal(again.id, first.id)
      assert.match(again.text, /Using cache[\s\S]*Successfully tagged listed:1/)

      write('noise.log', '2')
      utimesSync(join(folder, 'context', 'a.txt'), 1, 1)
      assert.deepEqual((await build()).sent, ['listing'])

      // Of the same length: only its content tells.
      write('a.txt', 'two\n')
      const changed = await build()
      assert.deepEqual(changed.sent, ['listing', 'files'])
      assert.notEqual(changed.id, first.id)
      assert.match(changed.text, /Not cached: file srv\/a\.txt changed/)
      assert.doesNotMatch(changed.text, /Step 1[\s\S]*Step 1\//)

      chmodSync(join(folder, 'context', 'part1', 'deep', 'file'), 0o600)
      const stricter = await build()
      assert.deepEqual(stricter.sent, ['listing', 'files'])
      assert.notEqual(stricter.id, changed.id)

      write('a.txt', 'one\n')
      chmodSync(join(folder, 'context', 'part1', 'deep', 'file'), 0o644)
      const back = await build()
      assert.deepEqual(back.sent, ['listing'])
      assert.equal(back.id, first.id)
    }))

  test('what a listing cannot say is built from the files, and the same', () =>
    withContext(async () => {
      write('Dockerfile', 'FROM base:1\nCOPY part1/link /linked\nCMD ["y"]\n')
      const first = await build()
      const again = await build()
      assert.deepEqual(again.sent, ['listing', 'files'])
      assert.equal(again.id, first.id)
      write('Dockerfile', 'FROM base:1\nCOPY missing /x\n')
      await assert.rejects(build(), /Dockerfile:2: COPY: "missing": not found/)
    }))
})
