import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { EventBus } from '../../../engine/events/bus.ts'
import { parseReference } from '../../../engine/images/reference.ts'
import type { Credentials } from '../../../engine/images/registry/credentials.ts'
import { checkLogin } from '../../../engine/images/registry/login.ts'
import { pullImage } from '../../../engine/images/registry/pull.ts'
import { pushImage } from '../../../engine/images/registry/push.ts'
import { defaultRegistrySettings } from '../../../engine/images/registry/settings.ts'
import { ImageService } from '../../../engine/images/service.ts'
import { tagImage } from '../../../engine/images/tag.ts'
import { busyboxLayer, dockerArchive, upperLayer } from '../../support/image-archive.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { hasRegistry, makeCertificate, startRegistry, type TestRegistry } from '../../support/registry.ts'
import { TokenServer } from '../../support/token-server.ts'

const settings = { ...defaultRegistrySettings, retryDelayMs: 1 }
const { signal } = new AbortController()
const now = () => new Date()
const user = { kind: 'password', username: 'user', password: 'secret' } as const
const reader = { kind: 'password', username: 'reader', password: 'open' } as const

describe('a registry that wants tokens', { skip: !hasRegistry }, () => {
  let layerWorkers: TestWorkers
  let tokens: TokenServer
  let registry: TestRegistry
  let service: ImageService
  before(async () => {
    layerWorkers = startLayerWorkers()
    const { folder, workers } = layerWorkers
    const certificate = makeCertificate(join(folder, 'token'), 'token.test')
    tokens = await TokenServer.start(certificate, {
      user: { password: 'secret', actions: ['pull', 'push'] },
      reader: { password: 'open', actions: ['pull'] },
    })
    const { realm } = tokens
    const { issuer, service: audience } = TokenServer
    registry = await startRegistry(folder, { token: { realm, issuer, service: audience, ...certificate } })
    service = new ImageService({
      dataRoot: mkdtempSync(join(folder, 'data-')),
      workers,
      events: new EventBus({ now: Date.now }),
    })
    await service.open()
    const archive = Readable.from([dockerArchive([busyboxLayer(), upperLayer], ['x:1'])])
    await service.load(archive, { onProgress: () => {}, signal })
  })
  after(async () => {
    await registry[Symbol.asyncDispose]()
    await tokens[Symbol.asyncDispose]()
    await layerWorkers[Symbol.asyncDispose]()
  })

  async function push(path: string, credentials?: Credentials): Promise<string[]> {
    const lines: string[] = []
    const reference = { domain: registry.host, path, tag: '1' }
    await tagImage(service, 'x:1', `${registry.host}/${path}`, '1')
    const onProgress = ({ status }: { readonly status?: string }) => lines.push(status ?? '')
    const given = credentials === undefined ? {} : { credentials }
    await pushImage(service.store, reference, { settings, ...given, now, onProgress, signal })
    return lines
  }

  const pull = (path: string, credentials?: Credentials) =>
    pullImage(service.store, parseReference(`${registry.host}/${path}:1`), {
      ...{ settings, now, onProgress: () => {}, signal },
      ...(credentials === undefined ? {} : { credentials }),
    })

  test('is given one for what is done, and mounts layers from a repository that may be read', async () => {
    const pushed = await push('team/x', user)
    assert.equal(pushed.filter(line => line === 'Pushed').length, 2)
    // What the registry says it needs, and what a push needs: another request would ask for it anyway.
    const own = 'repository:team/x:pull repository:team/x:pull,push'
    assert.deepEqual(new Set(tokens.asked), new Set([`user ${own}`]))
    const mounted = await push('other/y', user)
    assert.equal(mounted.filter(line => line === 'Mounted from team/x').length, 2)
    assert.equal(
      tokens.asked.at(-1),
      'user repository:other/y:pull repository:other/y:pull,push repository:team/x:pull',
    )
    tokens.asked.length = 0
    assert.equal((await pull('other/y', reader)).id, service.store.catalog.list()[0]?.id)
    assert.deepEqual(new Set(tokens.asked), new Set(['reader repository:other/y:pull']))
  })

  test('refuses who may not: nobody, a wrong password, a reader that writes', async () => {
    await assert.rejects(pull('team/x'), { code: 'NOT_FOUND', message: /pull access denied for .*team\/x/ })
    await assert.rejects(pull('team/x', { ...user, password: 'wrong' }), { message: /incorrect username or password/ })
    await assert.rejects(push('team/z', reader), { code: 'FORBIDDEN', message: /push access denied for .*team\/z/ })
  })

  test('a login with a password answers an identity token, which is as good', async () => {
    const login = { username: 'user', password: 'secret', serveraddress: registry.host }
    const { IdentityToken } = await checkLogin(login, settings, signal)
    assert.equal(IdentityToken, tokens.refreshToken)
    const credentials = { kind: 'identityToken', token: tokens.refreshToken } as const
    assert.equal((await pull('team/x', credentials)).id, service.store.catalog.list()[0]?.id)
    await assert.rejects(pull('team/x', { ...credentials, token: 'spent' }), { code: 'NOT_FOUND' })
    await assert.rejects(checkLogin({ ...login, password: 'wrong' }, settings, signal), { code: 'UNAUTHORIZED' })
  })
})
