import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { EventBus } from '../../../engine/events/bus.ts'
import { parseReference } from '../../../engine/images/reference.ts'
import type { Credentials } from '../../../engine/images/registry/credentials.ts'
import { pullImage } from '../../../engine/images/registry/pull.ts'
import { defaultRegistrySettings } from '../../../engine/images/registry/settings.ts'
import { ImageService } from '../../../engine/images/service.ts'
import { eventually } from '../../support/eventually.ts'
import { busyboxLayer, dockerArchive, imageConfig, sha256, upperLayer } from '../../support/image-archive.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { hasRegistry, skopeo, startRegistry } from '../../support/registry.ts'
import { gzipped, ScriptedRegistry, types } from '../../support/scripted-registry.ts'

/** bcrypt of `secret`. */
describe('registries', () => {
  let layerWorkers: TestWorkers
  let service: ImageService
  before(() => {
    layerWorkers = startLayerWorkers()
  })
  after(() => layerWorkers[Symbol.asyncDispose]())
  beforeEach(async () => {
    const dataRoot = mkdtempSync(join(layerWorkers.folder, 'data-'))
    service = new ImageService({ dataRoot, workers: layerWorkers.workers, events: new EventBus({ now: Date.now }) })
    await service.open()
  })

  async function pull(name: string, credentials?: Credentials): Promise<string[]> {
    const lines: string[] = []
    await pullImage(service.store, parseReference(name), {
      ...(credentials === undefined ? {} : { credentials }),
      settings: { ...defaultRegistrySettings, retryDelayMs: 1 },
      now: () => new Date(),
      onProgress: message => lines.push(message.status ?? ''),
      signal: new AbortController().signal,
    })
    return lines
  }

  test('pulls by tag and digest, with and without a password, and what is there already is not fetched again', {
    skip: !hasRegistry,
  }, async () => {
    const { folder } = layerWorkers
    writeFileSync(join(folder, 'x.tar'), dockerArchive([busyboxLayer(), upperLayer], ['x:1']))
    for (const isProtected of [false, true]) {
      await using registry = await startRegistry(folder, { isProtected })
      const { host } = registry
      {
        const login = isProtected ? ['--dest-creds', 'user:secret'] : []
        skopeo(
          'copy',
          '-q',
          '--dest-tls-verify=false',
          ...login,
          `docker-archive:${folder}/x.tar`,
          `docker://${host}/team/x:1`,
        )
        const credentials = isProtected
          ? ({ kind: 'password', username: 'user', password: 'secret' } as const)
          : undefined
        if (isProtected) {
          await assert.rejects(pull(`${host}/team/x:1`), {
            code: 'NOT_FOUND',
            message: /pull access denied for .*team\/x/,
          })
          await assert.rejects(pull(`${host}/team/x:1`, { kind: 'password', username: 'user', password: 'wrong' }), {
            code: 'NOT_FOUND',
          })
        }
        const lines = await pull(`${host}/team/x:1`, credentials)
        assert.equal(lines[0], 'Pulling from team/x')
        const image = await service.resolve(`${host}/team/x:1`)
        assert.equal(
          execFileSync(join(image.lower[1] ?? '', 'bin/busybox'), ['echo', 'pulled'], { encoding: 'utf8' }),
          'pulled\n',
        )
        const digest = lines.find(line => line.startsWith('Digest: '))?.slice('Digest: '.length) ?? ''
        const again = await pull(`${host}/team/x@${digest}`, credentials)
        assert.equal(again.filter(line => line === 'Already exists').length, 2)
        assert.equal((await service.resolve(`${host}/team/x@${digest}`)).id, image.id)
        await assert.rejects(pull(`${host}/team/x:nope`, credentials), {
          code: 'NOT_FOUND',
          message: /manifest for .*team\/x:nope not found: manifest unknown/,
        })
      }
    }
  })

  test('tokens, redirects, broken connections and lies', async t => {
    await using registry = await ScriptedRegistry.start()
    const fake = new Misbehaviour(registry)
    const name = `${registry.host}/team/x:1`

    await t.test('a token is fetched for the scope; it is not sent to where a blob is redirected', async () => {
      await pull(name)
      assert.deepEqual(fake.tokenRequests, ['service=fake&scope=repository%3Ateam%2Fx%3Apull'])
      assert.deepEqual(fake.elsewhereAuthorization, [undefined])
      assert.equal((await service.resolve(name)).lower.length, 2)
    })
    await t.test('a connection that breaks is taken up where it broke', async () => {
      fake.breakAfter = 1_000_000
      await pull(name)
      const from = Number(/^bytes=(\d+)-$/.exec(fake.ranges.join())?.[1])
      assert.ok(from > 0 && from <= fake.breakAfter, fake.ranges.join())
    })
    for (const [lie, message] of [
      ['blob', /does not match its (digest|size)/],
      ['config', /does not match its (digest|size)/],
      ['type', /neither a plain image manifest nor an index/],
    ] as const) {
      await t.test(`a wrong ${lie} is refused and leaves nothing`, async () => {
        fake.lie = lie
        await assert.rejects(pull(name), { code: 'INVALID_ARGUMENT', message })
        assert.deepEqual(await service.store.blobs.list(), [])
        await eventually('layers are gone', () => service.store.layers.list().length === 0)
      })
    }
    await t.test('another digest than the one asked for is refused', async () => {
      fake.lie = undefined
      await assert.rejects(pull(`${registry.host}/team/x@sha256:${'0'.repeat(64)}`), {
        code: 'INVALID_ARGUMENT',
        message: /manifest digest is/,
      })
    })
  })
})

/** What a real registry does not do on demand: tokens, redirects to another origin, connections that break, lies. */
class Misbehaviour {
  readonly tokenRequests: string[] = []
  readonly elsewhereAuthorization: (string | undefined)[] = []
  readonly ranges: string[] = []
  breakAfter: number | undefined
  lie: 'blob' | 'config' | 'type' | undefined
  readonly #registry: ScriptedRegistry
  readonly #configDigest: string
  readonly #layerDigest: string

  constructor(registry: ScriptedRegistry) {
    this.#registry = registry
    const layers = [busyboxLayer(), upperLayer] as const
    registry.image('1', {
      config: JSON.parse(imageConfig(layers)),
      layers: [{ content: layers[0], diffId: '', more: { mediaType: types.layer } }, gzipped(layers[1])],
    })
    this.#configDigest = `sha256:${sha256(imageConfig(layers))}`
    this.#layerDigest = `sha256:${sha256(layers[0])}`
    registry.intercept = (request, response, url) => this.#answer(request, response, url)
  }

  #answer(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    const { host, port, blobs } = this.#registry
    if (url.pathname === '/token') {
      this.tokenRequests.push(url.search.slice(1))
      response.end(JSON.stringify({ token: 'let-me-in' }))
    } else if (url.pathname.startsWith('/elsewhere/')) {
      this.elsewhereAuthorization.push(request.headers.authorization)
      response.end(blobs.get(url.pathname.slice('/elsewhere/'.length)))
    } else if (request.headers.authorization !== 'Bearer let-me-in') {
      const challenge = `Bearer realm="http://${host}/token",service="fake",scope="repository:team/x:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    } else if (url.pathname.includes('/manifests/')) {
      // Whatever digest was asked for.
      const type = this.lie === 'type' ? types.index : types.manifest
      response.writeHead(200, { 'content-type': type }).end(this.#registry.tags.get('1')?.content)
    } else {
      // The same server at another address of the loopback is another origin.
      return this.#answerBlob(url.pathname.split('/').at(-1) ?? '', `http://127.0.0.2:${port}`, request, response)
    }
    return true
  }

  #answerBlob(digest: string, elsewhere: string, request: IncomingMessage, response: ServerResponse): boolean {
    const content = this.#registry.blobs.get(digest) ?? Buffer.alloc(0)
    const isLayer = digest === this.#layerDigest
    if ((this.lie === 'blob' && isLayer) || (this.lie === 'config' && digest === this.#configDigest)) {
      const wrong = Buffer.from(content)
      wrong[100] = (wrong[100] ?? 0) ^ 1
      response.end(wrong)
    } else if (!isLayer && digest !== this.#configDigest) {
      response.writeHead(307, { location: `${elsewhere}/elsewhere/${digest}` }).end()
    } else if (isLayer && request.headers.range !== undefined) {
      this.ranges.push(request.headers.range)
      response.writeHead(206).end(content.subarray(Number(/\d+/.exec(request.headers.range)?.[0])))
    } else if (isLayer && this.breakAfter !== undefined) {
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, this.breakAfter), () => setImmediate(() => response.destroy()))
    } else return false
    return true
  }
}
