import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import type { ImageInspect, ProgressMessage } from '../../../schemas/api/images.ts'
import { onEngines } from '../../support/api-engine.ts'
import {
  type Described,
  gzipped,
  type ScriptedImage,
  ScriptedRegistry,
  types,
} from '../../support/scripted-registry.ts'
import { tar } from '../../support/tar-writer.ts'

interface Pulled {
  readonly error?: string
  /** The command of what was pulled: the tag of the image that was chosen. */
  readonly chosen?: string
  readonly digests?: readonly string[]
}

onEngines('pull', engine => {
  let registry: ScriptedRegistry
  const names = new Set<string>()
  before(async () => {
    registry = await ScriptedRegistry.start()
  })
  after(() => registry[Symbol.asyncDispose]())
  afterEach(async () => {
    for (const name of names) await engine().request('DELETE', `/images/${name}?force=1`)
    names.clear()
  })

  const repository = () => `${registry.host}/team/${engine().unique('x').toLowerCase()}`

  async function pull(tag: string, platform = ''): Promise<Pulled> {
    const name = `${repository()}:${tag}`
    names.add(name)
    const query = `fromImage=${encodeURIComponent(repository())}&tag=${tag}&platform=${encodeURIComponent(platform)}`
    const answer = await engine().request('POST', `/images/create?${query}`)
    if (answer.status >= 400) return { error: answer.message }
    const messages = answer.text
      .split('\r\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as ProgressMessage)
    const error = messages.at(-1)?.errorDetail?.message
    if (error !== undefined) return { error }
    const { Config, RepoDigests } = await engine().call<ImageInspect>('GET', `/images/${name}/json`)
    await engine().request('DELETE', `/images/${name}?force=1`)
    return { chosen: Config.Cmd?.[0] ?? '', digests: RepoDigests ?? [] }
  }

  const image = (tag: string, platform: string, more: ScriptedImage = {}): Described => {
    const [os, architecture, variant] = platform.split('/')
    const offered = { os, architecture, ...(variant === undefined ? {} : { variant }) }
    return { ...registry.image(tag, { ...more, platform }), platform: offered }
  }
  const artifact = (tag: string) =>
    registry.image(tag, { config: {}, configType: 'application/vnd.cncf.helm.config.v1+json' })

  test('an index’s image is chosen as its platforms say, whatever their order', async () => {
    const [v5, v6, v7] = ['v5', 'v6', 'v7'].map(v => image(v, `linux/arm/${v}`)) as [Described, Described, Described]
    const [a1, a2, a3] = ['v1', 'v2', 'v3'].map(v => image(`amd-${v}`, `linux/amd64/${v}`)) as [
      Described,
      Described,
      Described,
    ]
    registry.index('arm', v5, v6, v7)
    registry.index('only7', v7)
    registry.index('seven-six', v7, v6)
    registry.index('plain', image('no-variant', 'linux/arm'), v6)
    registry.index('arm64', v7, image('eight', 'linux/arm64/v8'))
    registry.index('amd64', a3, a2, a1)
    registry.index('only2', a2)
    registry.index('only386', image('386', 'linux/386'))
    registry.index('inner', image('deep', 'linux/amd64'))
    const inner = registry.index('inner', image('deep', 'linux/amd64'))
    registry.index('nested', inner)
    registry.index('nested-named', { ...inner, platform: { os: 'linux', architecture: 'amd64' } })
    for (const [tag, platform, chosen] of [
      ['arm', 'linux/arm', 'v7'],
      ['arm', 'linux/arm/v6', 'v6'],
      ['arm', 'linux/arm/v8', 'v7'],
      ['seven-six', 'linux/arm/v6', 'v6'],
      ['only7', 'linux/arm64', 'v7'],
      ['plain', 'linux/arm', 'no-variant'],
      ['arm64', 'linux/arm64', 'eight'],
      ['arm64', 'linux/arm64/v8', 'eight'],
      ['arm64', 'linux/aarch64', 'eight'],
      ['arm64', 'arm64', 'eight'],
      ['amd64', 'linux/amd64', 'amd-v1'],
      ['amd64', 'linux/amd64/v2', 'amd-v2'],
      ['amd64', 'linux/amd64/v4', 'amd-v3'],
      ['only386', 'linux/amd64', '386'],
      ['nested', 'linux/amd64', 'deep'],
      ['nested-named', 'linux/amd64', 'deep'],
    ] as const)
      assert.equal((await pull(tag, platform)).chosen, chosen, `${tag} for ${platform}`)
    for (const [tag, platform] of [
      ['only7', 'linux/arm/v6'],
      ['only7', 'linux/amd64'],
      ['only2', 'linux/amd64'],
    ] as const)
      assert.match((await pull(tag, platform)).error ?? '', new RegExp(`^no matching manifest for ${platform} in the`))
    assert.match((await pull('arm', 'foo')).error ?? '', /"foo": unknown operating system or architecture/)
  })

  test('what is no image for anybody is passed over in an index, and refused by name alone', async () => {
    const wanted = image('wanted', 'linux/amd64')
    const chart = artifact('chart')
    const attestation = { ...chart, platform: { os: 'unknown', architecture: 'unknown' } }
    const top = registry.index('attested', attestation, wanted)
    registry.index('no-platform-first', registry.image('other'), wanted)
    registry.index('artifact-first', { ...chart, artifactType: 'application/x' }, wanted)
    registry.index('only-artifact', chart)
    const pulled = await pull('attested')
    assert.deepEqual(pulled, { chosen: 'wanted', digests: [`${repository()}@${top.digest}`] })
    assert.equal((await pull('no-platform-first')).chosen, 'wanted')
    assert.equal((await pull('artifact-first')).chosen, 'wanted')
    const refused = 'unsupported media type application/vnd.cncf.helm.config.v1+json'
    assert.equal((await pull('only-artifact')).error, refused)
    assert.equal((await pull('chart')).error, refused)
    registry.image('odd-layer', {
      layers: [{ ...gzipped(tar({ name: 'f' })), more: { mediaType: 'application/vnd.foo.layer' } }],
    })
    assert.equal((await pull('odd-layer')).error, 'unsupported media type application/vnd.foo.layer')
    image('windows', 'windows/amd64')
    assert.match((await pull('windows')).error ?? '', /^image operating system "windows" cannot be used/)
    registry.image('untyped', { configType: 'application/octet-stream' })
    assert.equal((await pull('untyped')).chosen, 'untyped')
  })

  test('a server that does not know what it sends is corrected by the manifest, one that lies is not', async () => {
    registry.image('vague')
    const { content } = registry.tags.get('vague') ?? { content: Buffer.alloc(0) }
    for (const type of ['application/json', 'text/plain; charset=utf-8']) {
      registry.tags.set('vague', { type, content })
      assert.equal((await pull('vague')).chosen, 'vague', type)
    }
    registry.tags.set('vague', { type: types.index, content })
    // dockerd believes the document alone; ours refuses what may be read in two ways.
    if (engine().name === 'berthd') assert.match((await pull('vague')).error ?? '', /neither a plain image manifest/)
  })

  // dockerd asks its registry only, and fails with "unknown blob".
  test('a foreign layer comes from where the manifest says', async t => {
    if (engine().name === 'dockerd') return t.skip('dockerd on Linux does not take urls')
    const layer = gzipped(tar({ name: 'f', content: 'foreign' }))
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
    const urls = ['ftp://nowhere/x', `http://${registry.host}/gone`, `http://${registry.host}/elsewhere`]
    registry.image('foreign', { layers: [{ ...layer, more: { mediaType, urls } }] })
    registry.blobs.forEach((content, digest) => {
      if (content.equals(layer.content)) registry.blobs.delete(digest)
    })
    registry.intercept = (request, response, url) => {
      if (url.pathname !== '/elsewhere') return false
      assert.equal(request.headers.authorization, undefined)
      response.end(layer.content)
      return true
    }
    assert.equal((await pull('foreign')).chosen, 'foreign')
    registry.image('not-foreign', { layers: [{ ...layer, more: { urls } }] })
    registry.blobs.forEach((content, digest) => {
      if (content.equals(layer.content)) registry.blobs.delete(digest)
    })
    assert.match((await pull('not-foreign')).error ?? '', /not found: blob unknown/)
  })
})
