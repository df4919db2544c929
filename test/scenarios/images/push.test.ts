import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, test } from 'node:test'
import { EventBus } from '../../../engine/events/bus.ts'
import { parseReference } from '../../../engine/images/reference.ts'
import type { Credentials } from '../../../engine/images/registry/credentials.ts'
import { pullImage } from '../../../engine/images/registry/pull.ts'
import { pushImage } from '../../../engine/images/registry/push.ts'
import { defaultRegistrySettings } from '../../../engine/images/registry/settings.ts'
import { ImageService } from '../../../engine/images/service.ts'
import { tagImage } from '../../../engine/images/tag.ts'
import type { ProgressMessage } from '../../../schemas/api/images.ts'
import { busyboxLayer, dockerArchive, upperLayer } from '../../support/image-archive.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { type LoopbackServer, startLoopback } from '../../support/loopback-server.ts'
import { hasRegistry, skopeo, startRegistry } from '../../support/registry.ts'

const settings = { ...defaultRegistrySettings, retryDelayMs: 1 }
const { signal } = new AbortController()

describe('push', () => {
  let layerWorkers: TestWorkers
  let service: ImageService
  before(() => {
    layerWorkers = startLayerWorkers()
  })
  after(() => layerWorkers[Symbol.asyncDispose]())
  beforeEach(async () => {
    service = await newService()
    const archive = Readable.from([dockerArchive([busyboxLayer(), upperLayer], ['x:1'])])
    await service.load(archive, { onProgress: () => {}, signal })
  })

  async function newService(): Promise<ImageService> {
    const dataRoot = mkdtempSync(join(layerWorkers.folder, 'data-'))
    const made = new ImageService({ dataRoot, workers: layerWorkers.workers, events: new EventBus({ now: Date.now }) })
    await made.open()
    return made
  }

  async function push(name: string, credentials?: Credentials): Promise<ProgressMessage[]> {
    const messages: ProgressMessage[] = []
    await tagImage(service, 'x:1', name.slice(0, name.lastIndexOf(':')), name.slice(name.lastIndexOf(':') + 1))
    await pushImage(service.store, parseReference(name) as Parameters<typeof pushImage>[1], {
      settings,
      ...(credentials === undefined ? {} : { credentials }),
      now: () => new Date(),
      onProgress: message => messages.push(message),
      signal,
    })
    return messages
  }

  const statuses = (messages: readonly ProgressMessage[], part: string) =>
    messages.filter(({ status }) => status?.startsWith(part))

  test('what was pushed is the same everywhere; what is there is not sent, and what a sister has is mounted', {
    skip: !hasRegistry,
  }, async () => {
    await using registry = await startRegistry(layerWorkers.folder)
    const { host } = registry
    const first = await push(`${host}/team/x:1`)
    assert.deepEqual(first[0], { status: `The push refers to repository [${host}/team/x]` })
    assert.equal(statuses(first, 'Pushed').length, 2)
    const { digest, size } = JSON.parse(
      skopeo(
        'inspect',
        '--tls-verify=false',
        '--format',
        '{"digest":"{{.Digest}}","size":0}',
        `docker://${host}/team/x:1`,
      ),
    ) as { digest: string; size: number }
    assert.equal(size, 0)
    const { aux } = first.at(-1) ?? {}
    assert.equal(aux?.['Digest'], digest)
    assert.deepEqual(
      statuses(first, '1: digest').map(({ status }) => status),
      [`1: digest: ${digest} size: ${aux?.['Size']}`],
    )
    assert.ok(service.store.catalog.findByName(`${host}/team/x@${digest}`), 'the digest is a name of the image now')

    assert.equal(statuses(await push(`${host}/team/x:2`), 'Layer already exists').length, 2)
    const sister = await push(`${host}/other/y:1`)
    assert.equal(statuses(sister, 'Mounted from team/x').length, 2)

    const folder = mkdtempSync(join(layerWorkers.folder, 'oci-'))
    skopeo(
      'copy',
      '-q',
      '--preserve-digests',
      '--src-tls-verify=false',
      `docker://${host}/other/y:1`,
      `oci:${folder}:y`,
    )
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { manifests: { digest: string }[] }
    assert.equal(index.manifests[0]?.digest, digest)
    const elsewhere = await newService()
    const pulled = await pullImage(elsewhere.store, parseReference(`${host}/other/y:1`), {
      settings,
      now: () => new Date(),
      onProgress: () => {},
      signal,
    })
    assert.equal(pulled.manifestDigest, digest)
  })

  test('a registry with passwords refuses a push without one, and says what to do', {
    skip: !hasRegistry,
  }, async () => {
    await using registry = await startRegistry(layerWorkers.folder, { isProtected: true })
    const name = `${registry.host}/team/x:1`
    await assert.rejects(push(name), {
      code: 'FORBIDDEN',
      message: /push access denied for .*team\/x/,
      hint: /berth login/,
    })
    const messages = await push(name, { kind: 'password', username: 'user', password: 'secret' })
    assert.equal(statuses(messages, 'Pushed').length, 2)
  })

  test('an upload that breaks goes on where the registry stopped hearing', async () => {
    await using registry = await UploadRegistry.start()
    const messages = await push(`${registry.host}/team/x:1`)
    assert.equal(statuses(messages, 'Pushed').length, 2)
    assert.ok(registry.resumedAt.length === 1 && (registry.resumedAt[0] ?? 0) > 0, `${registry.resumedAt}`)
    assert.equal(registry.manifests.length, 1)
    assert.deepEqual(registry.tokenScopes[0], ['repository:team/x:pull,push'])
  })
})

/** A registry that takes uploads, asks for tokens, and breaks the first large chunk in the middle. */
class UploadRegistry implements AsyncDisposable {
  readonly resumedAt: number[] = []
  readonly manifests: string[] = []
  readonly tokenScopes: string[][] = []
  readonly #blobs = new Set<string>()
  readonly #uploads: Buffer[] = []
  #server: LoopbackServer | undefined
  #hasBroken = false

  static async start(): Promise<UploadRegistry> {
    const registry = new UploadRegistry()
    registry.#server = await startLoopback((request, response) => registry.#answer(request, response))
    return registry
  }

  get host(): string {
    return this.#server?.host ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', `http://${this.host}`)
    if (url.pathname === '/token') {
      this.tokenScopes.push(url.searchParams.getAll('scope'))
      response.end('{"access_token":"t"}')
    } else if (request.headers.authorization !== 'Bearer t') {
      const challenge = `Bearer realm="http://${this.host}/token",service="fake"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    } else if (request.method === 'HEAD') {
      response.writeHead(this.#blobs.has(url.pathname.split('/').at(-1) ?? '') ? 200 : 404).end()
    } else if (request.method === 'POST') {
      response.writeHead(202, { location: `/v2/team/x/blobs/uploads/${this.#uploads.push(Buffer.alloc(0)) - 1}` }).end()
    } else if (url.pathname.includes('/manifests/')) {
      this.manifests.push(url.pathname)
      request.resume().on('end', () => response.writeHead(201).end())
    } else await this.#answerUpload(url, request, response)
  }

  async #answerUpload(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Number(url.pathname.split('/').at(-1))
    const had = this.#uploads[at] ?? Buffer.alloc(0)
    if (request.method === 'GET') {
      response.writeHead(204, { location: url.pathname, range: `0-${Math.max(0, had.length - 1)}` }).end()
    } else if (request.method === 'PUT') {
      assert.equal(`sha256:${createHash('sha256').update(had).digest('hex')}`, url.searchParams.get('digest'))
      this.#blobs.add(url.searchParams.get('digest') ?? '')
      response.writeHead(201).end()
    } else {
      const start = Number(/^\d+/.exec(request.headers['content-range'] ?? '')?.[0])
      assert.equal(start, had.length)
      if (start > 0) this.resumedAt.push(start)
      const isLarge = Number(request.headers['content-length']) > 500_000
      let received = had
      for await (const piece of request as AsyncIterable<Buffer>) {
        received = Buffer.concat([received, piece])
        this.#uploads[at] = received
        if (isLarge && !this.#hasBroken && received.length > 200_000) {
          this.#hasBroken = true
          request.destroy()
          return
        }
      }
      response.writeHead(202, { location: url.pathname }).end()
    }
  }
}
