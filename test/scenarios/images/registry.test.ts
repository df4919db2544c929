import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
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
    const fake = await FakeRegistry.start()
    t.after(() => fake.stop())
    const name = `${fake.host}/team/x:1`

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
      await assert.rejects(pull(`${fake.host}/team/x@sha256:${'0'.repeat(64)}`), {
        code: 'INVALID_ARGUMENT',
        message: /manifest digest is/,
      })
    })
  })
})

/** What a real registry does not do on demand: tokens, redirects to another origin, connections that break, lies. */
class FakeRegistry {
  readonly tokenRequests: string[] = []
  readonly elsewhereAuthorization: (string | undefined)[] = []
  readonly ranges: string[] = []
  breakAfter: number | undefined
  lie: 'blob' | 'config' | 'type' | undefined
  readonly #blobs = new Map<string, Buffer>()
  readonly #manifest: Buffer
  readonly #configDigest: string
  readonly #layerDigest: string
  readonly #server: Server
  #elsewhere = ''

  private constructor(server: Server) {
    this.#server = server
    const layers = [busyboxLayer(), upperLayer]
    const config = Buffer.from(imageConfig(layers))
    const [first, second] = layers as [Buffer, Buffer]
    const blobs = [config, first, gzipSync(second)]
    const descriptors = blobs.map((content, i) => {
      const digest = `sha256:${sha256(content)}`
      this.#blobs.set(digest, content)
      return {
        mediaType: [
          'application/vnd.oci.image.config.v1+json',
          'application/vnd.oci.image.layer.v1.tar',
          'application/vnd.oci.image.layer.v1.tar+gzip',
        ][i],
        digest,
        size: content.length,
      }
    })
    this.#configDigest = descriptors[0]?.digest ?? ''
    this.#layerDigest = descriptors[1]?.digest ?? ''
    this.#manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: descriptors[0],
        layers: descriptors.slice(1),
      }),
    )
    server.on('request', (request, response) => this.#answer(request, response))
  }

  static async start(): Promise<FakeRegistry> {
    const fake = new FakeRegistry(createHttpServer())
    fake.#server.listen(0)
    await once(fake.#server, 'listening')
    // The same server at another address of the loopback is another origin.
    fake.#elsewhere = `http://127.0.0.2:${(fake.#server.address() as AddressInfo).port}`
    return fake
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', `http://${this.host}`)
    if (url.pathname === '/token') {
      this.tokenRequests.push(url.search.slice(1))
      response.end(JSON.stringify({ token: 'let-me-in' }))
    } else if (url.pathname.startsWith('/elsewhere/')) {
      this.elsewhereAuthorization.push(request.headers.authorization)
      response.end(this.#blobs.get(url.pathname.slice('/elsewhere/'.length)))
    } else if (request.headers.authorization !== 'Bearer let-me-in') {
      response
        .writeHead(401, {
          'www-authenticate': `Bearer realm="http://${this.host}/token",service="fake",scope="repository:team/x:pull"`,
        })
        .end()
    } else if (url.pathname.includes('/manifests/')) {
      const type =
        this.lie === 'type' ? 'application/vnd.oci.image.index.v1+json' : 'application/vnd.oci.image.manifest.v1+json'
      response.writeHead(200, { 'content-type': type }).end(this.#manifest)
    } else {
      this.#answerBlob(url.pathname.split('/').at(-1) ?? '', request, response)
    }
  }

  #answerBlob(digest: string, request: IncomingMessage, response: ServerResponse): void {
    const content = this.#blobs.get(digest) ?? Buffer.alloc(0)
    const isLayer = digest === this.#layerDigest
    if ((this.lie === 'blob' && isLayer) || (this.lie === 'config' && digest === this.#configDigest)) {
      const wrong = Buffer.from(content)
      wrong[100] = (wrong[100] ?? 0) ^ 1
      response.end(wrong)
    } else if (!isLayer && digest !== this.#configDigest) {
      response.writeHead(307, { location: `${this.#elsewhere}/elsewhere/${digest}` }).end()
    } else if (isLayer && request.headers.range !== undefined) {
      this.ranges.push(request.headers.range)
      response.writeHead(206).end(content.subarray(Number(/\d+/.exec(request.headers.range)?.[0])))
    } else if (isLayer && this.breakAfter !== undefined) {
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, this.breakAfter), () => setImmediate(() => response.destroy()))
    } else {
      response.end(content)
    }
  }
}
