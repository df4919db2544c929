import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { EventBus } from '../../../engine/events/bus.ts'
import { parseReference } from '../../../engine/images/reference.ts'
import { pullAllTags, pullImage } from '../../../engine/images/registry/pull.ts'
import { searchImages } from '../../../engine/images/registry/search.ts'
import { defaultRegistrySettings, type RegistrySettings } from '../../../engine/images/registry/settings.ts'
import { ImageService } from '../../../engine/images/service.ts'
import { eventually } from '../../support/eventually.ts'
import { startForwardProxy } from '../../support/forward-proxy.ts'
import { freePort } from '../../support/free-port.ts'
import { busyboxLayer, dockerArchive, upperLayer } from '../../support/image-archive.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { type LoopbackServer, startLoopback } from '../../support/loopback-server.ts'
import { hasRegistry, makeCertificate, skopeo, startRegistry } from '../../support/registry.ts'

const nobody = new AbortController().signal

describe('ways to a registry', { skip: !hasRegistry }, () => {
  let layerWorkers: TestWorkers
  let service: ImageService
  before(() => {
    layerWorkers = startLayerWorkers()
    const layers = [busyboxLayer(), upperLayer]
    writeFileSync(join(layerWorkers.folder, 'x.tar'), dockerArchive(layers, ['x:1']))
  })
  after(() => layerWorkers[Symbol.asyncDispose]())
  beforeEach(async () => {
    const dataRoot = mkdtempSync(join(layerWorkers.folder, 'data-'))
    service = new ImageService({ dataRoot, workers: layerWorkers.workers, events: new EventBus({ now: Date.now }) })
    await service.open()
  })

  const fill = (host: string, name: string) =>
    skopeo(
      'copy',
      '-q',
      '--dest-tls-verify=false',
      `docker-archive:${layerWorkers.folder}/x.tar`,
      `docker://${host}/${name}`,
    )

  function pull(name: string, settings: Partial<RegistrySettings>, signal = nobody): Promise<{ readonly id: string }> {
    return pullImage(service.store, parseReference(name), optionsWith(settings, signal))
  }

  const optionsWith = (settings: Partial<RegistrySettings>, signal = nobody, lines: string[] = []) => ({
    settings: { ...defaultRegistrySettings, certificateFolders: [], retryDelayMs: 1, ...settings },
    now: () => new Date(),
    onProgress: ({ status }: { readonly status?: string }) => lines.push(status ?? ''),
    signal,
  })

  test('Docker Hub is asked through its mirrors first, and by itself when none of them knows the image', async () => {
    await using mirror = await startRegistry(layerWorkers.folder)
    await using hub = await startRegistry(layerWorkers.folder)
    fill(mirror.host, 'library/x:1')
    fill(hub.host, 'team/y:1')
    // Nothing of this test may look for the real Docker Hub.
    await using proxy = await startForwardProxy({})
    const settings = {
      mirrors: [`http://127.0.0.1:${await freePort()}`, `http://${mirror.host}/`],
      proxies: { https: proxy.url },
      maxAttempts: 1,
    }
    await pull('x:1', settings)
    assert.deepEqual(proxy.asked, [])
    assert.ok(service.store.catalog.findByName('docker.io/library/x:1'))
    await assert.rejects(pull('team/y:1', settings), { code: 'UNAVAILABLE', message: /refuses registry-1\.docker\.io/ })
    assert.deepEqual(proxy.asked, ['CONNECT registry-1.docker.io:443'])
    await pull('team/y:1', { ...settings, mirrors: [...settings.mirrors, `http://${hub.host}`] })
    await assert.rejects(pull('x:1', { mirrors: ['mirror'] }), { message: /registry-mirrors: expected a URL/ })
  })

  test('TLS is verified, with authorities of one’s own, through a proxy; a registry may be declared insecure', async () => {
    const { folder } = layerWorkers
    const tls = makeCertificate(join(folder, 'tls'), 'registry.test')
    await using registry = await startRegistry(folder, { tls })
    fill(registry.host, 'team/x:1')
    await using proxy = await startForwardProxy({ 'registry.test:5000': registry.port })
    const proxies = { https: proxy.url }
    const name = 'registry.test:5000/team/x:1'
    await assert.rejects(pull(name, { proxies }), {
      code: 'UNAVAILABLE',
      message: /self-signed certificate/,
      hint: /certs\.d\/registry\.test:5000\/ca\.crt/,
    })
    await pull(name, { proxies, insecure: ['registry.test:5000'] })
    await service.store.catalog.untag(name)
    mkdirSync(join(folder, 'certs.d', 'registry.test:5000'), { recursive: true })
    copyFileSync(tls.certificate, join(folder, 'certs.d', 'registry.test:5000', 'ca.crt'))
    await pull(name, { proxies, certificateFolders: [join(folder, 'certs.d')] })
    assert.deepEqual(new Set(proxy.asked), new Set(['CONNECT registry.test:5000']))
    assert.ok(service.store.catalog.findByName(name))
    await assert.rejects(pull(name, { proxies: { ...proxies, no: '.test' }, maxAttempts: 1 }), {
      message: /ENOTFOUND|EAI_AGAIN/,
    })
  })

  test('an insecure registry without TLS is reached in plain, also through a proxy', async () => {
    await using registry = await startRegistry(layerWorkers.folder)
    fill(registry.host, 'team/x:1')
    await using proxy = await startForwardProxy({ 'plain.test:5000': registry.port })
    const proxies = { http: proxy.url, https: proxy.url }
    await assert.rejects(pull('plain.test:5000/team/x:1', { proxies, maxAttempts: 1 }), { code: 'UNAVAILABLE' })
    assert.ok(!proxy.asked.some(line => line.startsWith('GET')), 'nothing is sent in plain unasked')
    await pull('plain.test:5000/team/x:1', { proxies, insecure: ['plain.test:5000'] })
    assert.ok(proxy.asked.includes('GET http://plain.test:5000/v2/team/x/manifests/1'))
  })

  test('all tags; and several pulls of one image share the work, whoever of them gives up', async () => {
    await using registry = await startRegistry(layerWorkers.folder)
    fill(registry.host, 'team/x:1')
    fill(registry.host, 'team/x:2')
    await pullAllTags(service.store, parseReference(`${registry.host}/team/x`), optionsWith({}))
    const [image] = service.store.catalog.list()
    assert.deepEqual(
      service.store.catalog.names(image?.id ?? '').filter(name => !name.includes('@')),
      [`${registry.host}/team/x:1`, `${registry.host}/team/x:2`],
    )
    await service.store.catalog.remove(image?.id ?? '')
    await service.store.collect()

    await using gate = await Gate.start(registry.port)
    const leaver = new AbortController()
    const pulls = [leaver.signal, nobody, nobody].map(signal => pull(`${gate.host}/team/x:1`, {}, signal))
    await eventually('the layers are asked for', () => gate.waiting === 2)
    const left = assert.rejects(pulls[0] ?? Promise.resolve(), { code: 'CANCELLED' })
    leaver.abort()
    await left
    gate.open()
    const [second, third] = await Promise.all(pulls.slice(1))
    assert.equal(second?.id, third?.id)
    assert.equal(gate.layerRequests, 2)
  })

  test('a blob that went bad on the disk is fetched again', async () => {
    await using registry = await startRegistry(layerWorkers.folder)
    fill(registry.host, 'team/x:1')
    await pull(`${registry.host}/team/x:1`, {})
    const [image] = service.store.catalog.list()
    const [layer] = image?.manifest.layers ?? []
    const [diffId] = image?.document.rootfs.diff_ids ?? []
    await service.store.layers.remove(diffId ?? '')
    writeFileSync(service.store.blobs.path(layer?.digest ?? ''), 'bad')
    await pull(`${registry.host}/team/x:1`, {})
    assert.equal((await service.resolve(`${registry.host}/team/x:1`)).lower.length, 2)
  })

  test('a registry that has a hiccup is asked again; one that has had enough is quoted', async () => {
    const answers: [number, Record<string, string>][] = [
      [503, {}],
      [502, {}],
      [429, { 'ratelimit-limit': '100;w=21600', 'retry-after': '60' }],
    ]
    await using server = await startLoopback((_request, response) => {
      const [status, headers] = answers.shift() ?? [500, {}]
      response.writeHead(status, headers).end('{"errors":[{"code":"TOOMANYREQUESTS","message":"enough"}]}')
    })
    const { port } = server
    await assert.rejects(pull(`127.0.0.1:${port}/x:1`, {}), {
      code: 'UNAVAILABLE',
      message: /toomanyrequests: enough.*its limit is 100 pulls in 6 hours/,
      hint: 'try again after 60 seconds, or log in for a higher limit: berth login',
    })
    assert.deepEqual(answers, [])
  })

  test('search', async () => {
    const asked: string[] = []
    const result = (name: string, star_count: number, is_official: boolean) => ({ name, star_count, is_official })
    await using server = await startLoopback((request, response) => {
      asked.push(request.url ?? '')
      const results = [result('nginx', 100, true), result('team/nginx', 7, false), result('x/nginx', 1, false)]
      response.end(JSON.stringify({ num_results: 3, results }))
    })
    const { port } = server
    const names = async (filters: Record<string, string[]>, limit = 0) => {
      const { settings, signal } = optionsWith({})
      const options = { limit, filters: new Map(Object.entries(filters)), settings, credentials: undefined, signal }
      return (await searchImages(`127.0.0.1:${port}/nginx`, options)).map(({ name }) => name)
    }
    assert.deepEqual(await names({}, 25), ['nginx', 'team/nginx', 'x/nginx'])
    assert.deepEqual(asked, ['/v1/search?q=nginx&n=25'])
    assert.deepEqual(await names({ stars: ['5'] }), ['nginx', 'team/nginx'])
    assert.deepEqual(await names({ 'is-official': ['false'], stars: ['5'] }), ['team/nginx'])
    await assert.rejects(names({}, 101), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(names({ stars: ['many'] }), { code: 'INVALID_ARGUMENT' })
  })
})

/** In front of a registry: layers wait until it opens. */
class Gate implements AsyncDisposable {
  layerRequests = 0
  waiting = 0
  readonly #port: number
  #server: LoopbackServer | undefined
  readonly #opened: Promise<void>
  open: () => void = () => {}

  private constructor(port: number) {
    this.#port = port
    this.#opened = new Promise(resolve => {
      this.open = resolve
    })
  }

  static async start(port: number): Promise<Gate> {
    const gate = new Gate(port)
    gate.#server = await startLoopback((request, response) => gate.#answer(request, response))
    return gate
  }

  get host(): string {
    return this.#server?.host ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = request.headers.accept === undefined ? {} : { accept: request.headers.accept }
    const answer = await fetch(`http://127.0.0.1:${this.#port}${request.url}`, { headers })
    const body = Buffer.from(await answer.arrayBuffer())
    // Configurations are small, and come before the layers.
    const isLayer = request.url?.includes('/blobs/') === true && !body.subarray(0, 1).equals(Buffer.from('{'))
    if (isLayer) {
      this.layerRequests++
      this.waiting++
      await this.#opened
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body)
  }
}
