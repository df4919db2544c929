import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { EventBus } from '../../../engine/events/bus.ts'
import { ImageService } from '../../../engine/images/service.ts'
import { eventually } from '../../support/eventually.ts'
import { dockerArchive, imageConfig, sha256, upperLayer } from '../../support/image-archive.ts'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { type TarItem, tar, tarItem } from '../../support/tar-writer.ts'

/**
 * Image archives and layouts that lie, lack, loop or want out. Each is loaded into an empty store beside a "victim" folder: it is refused by name and
 * leaves nothing, or it is contained: then only images with the names that are told are there.
 */

type Outcome = { readonly refused: RegExp } | { readonly names: readonly string[] }
type Case = readonly [name: string, archive: Buffer, outcome: Outcome]

const refused = (pattern: RegExp): Outcome => ({ refused: pattern })
const named = (...names: string[]): Outcome => ({ names })

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'
const digest = (content: Buffer | string) => `sha256:${sha256(content)}`
const describe_ = (mediaType: string, content: Buffer | string, more = {}) => ({
  mediaType,
  digest: digest(content),
  size: Buffer.byteLength(content),
  ...more,
})
const blob = (content: Buffer | string): TarItem => ({ name: `blobs/sha256/${sha256(content)}`, content })
const layout = (manifests: unknown, ...items: TarItem[]) =>
  tar({ name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) }, ...items)

const layer = upperLayer
const config = imageConfig([layer])
const configDescriptor = describe_('application/vnd.oci.image.config.v1+json', config)
const manifestOf = (more: object) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: configDescriptor,
    layers: [describe_(layerType, layer)],
    ...more,
  })
/** A layout whose one manifest has these members. */
const image = (more: object, ...items: TarItem[]) => {
  const manifest = manifestOf(more)
  return layout([describe_(manifestType, manifest)], blob(manifest), blob(config), blob(layer), ...items)
}
const docker = (manifest: unknown, ...items: TarItem[]) =>
  tar({ name: 'manifest.json', content: JSON.stringify(manifest) }, ...items)
const dockerImage = (names: readonly string[]) => dockerArchive([layer], names)
/** One image in a docker-archive with a configuration of one's own. */
const withConfig = (text: string) =>
  docker(
    [{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }],
    { name: 'c.json', content: text },
    { name: 'l.tar', content: layer },
  )
const up = '../'.repeat(20)

/** Indexes that hold each other cannot be made with true digests: these have lies in the place of one. */
function cycle(): Buffer {
  const promised = `sha256:${'b'.repeat(64)}`
  const inner = JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [{ mediaType: indexType, digest: promised, size: 10 }],
  })
  return layout([{ mediaType: indexType, digest: promised, size: inner.length }], {
    name: `blobs/sha256/${'b'.repeat(64)}`,
    content: inner,
  })
}

function nested(depth: number): Buffer {
  const items: TarItem[] = []
  let [type, content] = [manifestType, manifestOf({})]
  for (let at = 0; at < depth; at++) {
    items.push(blob(content))
    content = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [describe_(type, content)] })
    type = indexType
  }
  return layout([describe_(type, content)], blob(content), ...items, blob(config), blob(layer))
}

const cases = (victim: string): Case[] => [
  ['index cycle', cycle(), refused(/does not match its digest/)],
  ['indexes without end', nested(40), refused(/nested too deeply/)],
  ['missing manifest', layout([describe_(manifestType, 'gone')]), refused(/has no blob sha256/)],
  [
    'missing configuration',
    layout([describe_(manifestType, manifestOf({}))], blob(manifestOf({}))),
    refused(/has no blob/),
  ],
  [
    'missing layer',
    layout([describe_(manifestType, manifestOf({}))], blob(manifestOf({})), blob(config)),
    refused(/archive has no blobs/),
  ],
  [
    'manifest size lie',
    layout([{ ...describe_(manifestType, manifestOf({})), size: 3 }], blob(manifestOf({})), blob(config), blob(layer)),
    refused(/does not match its size/),
  ],
  [
    'layer size lie',
    image({ layers: [{ ...describe_(layerType, layer), size: 1 }] }),
    refused(/does not match its content/),
  ],
  [
    'layer digest lie',
    image({ layers: [{ ...describe_(layerType, layer), digest: configDescriptor.digest }] }),
    refused(/does not match|malformed/),
  ],
  [
    'configuration as a layer',
    image({ layers: [{ ...configDescriptor, mediaType: layerType }] }),
    refused(/malformed|match/),
  ],
  [
    'too many layers',
    image({ layers: Array.from({ length: 3 }, () => describe_(layerType, layer)) }),
    refused(/3 layers, but its configuration names 1/),
  ],
  [
    '501 layers',
    withConfig(
      JSON.stringify({ ...JSON.parse(config), rootfs: { type: 'layers', diff_ids: Array(501).fill(digest(layer)) } }),
    ),
    refused(/configuration names 501|at most 500/),
  ],
  [
    'digest that climbs',
    image({ layers: [{ ...describe_(layerType, layer), digest: `sha256:../../../${'a'.repeat(55)}` }] }),
    refused(/digest|not valid/),
  ],
  [
    'digest of another algorithm',
    image({ layers: [{ ...describe_(layerType, layer), digest: `sha512:${'a'.repeat(128)}` }] }),
    refused(/not valid/),
  ],
  [
    'digest in upper case',
    image({ layers: [{ ...describe_(layerType, layer), digest: `sha256:${'A'.repeat(64)}` }] }),
    refused(/not valid/),
  ],
  ['negative size', image({ layers: [{ ...describe_(layerType, layer), size: -1 }] }), refused(/not valid/)],
  ['size that is no number', image({ layers: [{ ...describe_(layerType, layer), size: '9' }] }), refused(/not valid/)],
  ['schema 1', image({ schemaVersion: 1 }), refused(/schema 1, which is not supported/)],
  ['index that is a manifest', image({ manifests: [] }), refused(/neither a plain image manifest nor an index/)],
  [
    'index for other platforms',
    layout([describe_(manifestType, manifestOf({}), { platform: { os: 'plan9', architecture: 'mips' } })]),
    refused(/no image for linux/),
  ],
  ['index without manifests', layout([]), refused(/no image for linux/)],
  ['manifests that are none', layout({ a: 1 }), refused(/not valid/)],
  ['null for an index', tar({ name: 'index.json', content: 'null' }), refused(/not valid/)],
  ['deep JSON', tar({ name: 'index.json', content: '['.repeat(200_000) }), refused(/no JSON|not valid/)],
  [
    'document of 9 MiB',
    tar({ name: 'manifest.json', content: `"${'x'.repeat(9 << 20)}"` }),
    refused(/longer than|not valid|has no/),
  ],
  [
    'prototype in JSON',
    tar({ name: 'manifest.json', content: '[{"__proto__":{"Config":"c"},"Layers":[]}]' }),
    refused(/not valid/),
  ],
  [
    'configuration path that climbs',
    docker([{ Config: `${up}etc/passwd`, RepoTags: null, Layers: [] }]),
    refused(/archive has no/),
  ],
  [
    'absolute layer path',
    docker([{ Config: 'c.json', RepoTags: null, Layers: [`${victim}/secret`] }], { name: 'c.json', content: config }),
    refused(/archive has no/),
  ],
  [
    'layer is a symlink to the host',
    docker(
      [{ Config: 'c.json', RepoTags: null, Layers: ['l.tar'] }],
      { name: 'c.json', content: config },
      { name: 'l.tar', flag: '2', link: `${victim}/secret` },
    ),
    refused(/archive has no/),
  ],
  [
    'layer is a link to a link to itself',
    docker(
      [{ Config: 'c.json', RepoTags: null, Layers: ['a'] }],
      { name: 'c.json', content: config },
      { name: 'a', flag: '2', link: 'b' },
      { name: 'b', flag: '2', link: 'a' },
    ),
    refused(/link without end/),
  ],
  [
    'layer is a device',
    docker(
      [{ Config: 'c.json', RepoTags: null, Layers: ['d'] }],
      { name: 'c.json', content: config },
      { name: 'd', flag: '4', major: 8 },
    ),
    refused(/archive has no/),
  ],
  ['manifest is a folder', tar({ name: 'manifest.json', flag: '5' }), refused(/neither manifest.json nor index.json/)],
  [
    'no layers',
    withConfig(JSON.stringify({ ...JSON.parse(config), rootfs: { type: 'layers', diff_ids: [] } })),
    refused(/1 layers, but its configuration names 0/),
  ],
  [
    'file system of another type',
    withConfig(JSON.stringify({ ...JSON.parse(config), rootfs: { type: 'windows', diff_ids: [] } })),
    refused(/not valid/),
  ],
  [
    'configuration with numbers',
    withConfig(JSON.stringify({ ...JSON.parse(config), config: { Env: [1, 2] } })),
    refused(/not valid/),
  ],
  [
    'labels that are a list',
    withConfig(JSON.stringify({ ...JSON.parse(config), config: { Labels: ['a'] } })),
    refused(/not valid/),
  ],
  [
    'entry says a petabyte',
    tarItem({ name: 'manifest.json', content: '[', size: 2 ** 33 - 1 }),
    refused(/malformed|longer|middle/),
  ],
  [
    'pax size that is no number',
    tar({ name: 'manifest.json', content: '[]', pax: { size: '1e9' } }),
    refused(/malformed/),
  ],
  [
    'sparse documents',
    tar({ name: 'manifest.json', content: '[]', pax: { 'GNU.sparse.major': '1' } }),
    refused(/sparse/),
  ],
  ['bzip2', Buffer.from('BZh91AY&SY'.repeat(60)), refused(/compressed with something else/)],
  [
    'broken gzip',
    gzipSync(dockerImage(['x:1'])).fill(0xff, 300, 340),
    refused(/invalid|incorrect|malformed|decompress/i),
  ],
  ['half a gzip', gzipSync(dockerImage(['x:1'])).subarray(0, 400), refused(/unexpected end|middle|malformed/i)],
  ['gzip bomb of zeros', gzipSync(Buffer.alloc(64 << 20)), refused(/neither manifest.json/)],
  [
    'same name twice: the last counts',
    tar({ name: 'manifest.json', content: '[{' }, { name: 'manifest.json', content: '[]' }),
    named(),
  ],
  [
    'odd characters in names',
    dockerImage(['x;rm -rf /:1', '../../x:1', '-x:1', '\u202ex:1', 'x:\u0000', 'good:1']),
    named('docker.io/library/good:1'),
  ],
  ['name of an id', dockerImage(['a'.repeat(64)]), named()],
  ['name without end', dockerImage([`${'x/'.repeat(400)}x:1`, `x:${'t'.repeat(200)}`]), named()],
  ['upper case names', dockerImage(['X:1']), named()],
  [
    'files around the image',
    tar(
      { name: `${up}${victim}/evil`, content: 'x' },
      { name: `${victim}/evil2`, content: 'x' },
      { name: 'manifest.json', content: '[]' },
    ),
    named(),
  ],
]

describe('hostile image archives', () => {
  let workers: TestWorkers
  let victim: string
  let dataRoot: string
  let service: ImageService
  before(() => {
    workers = startLayerWorkers()
    victim = join(workers.folder, 'victim')
    mkdirSync(victim)
    writeFileSync(join(victim, 'secret'), 'secret')
  })
  after(() => workers[Symbol.asyncDispose]())
  beforeEach(async () => {
    dataRoot = mkdtempSync(join(workers.folder, 'data-'))
    service = new ImageService({ dataRoot, workers: workers.workers, events: new EventBus({ now: Date.now }) })
    await service.open()
  })

  const load = (archive: Buffer) =>
    service.load(Readable.from([archive]), { signal: new AbortController().signal, onProgress: () => {} })
  const list = (...path: string[]) => readdirSync(join(dataRoot, ...path))

  test('every case is refused or contained, and leaves nothing', async t => {
    for (const [name, archive, outcome] of cases('/berth-victim')) {
      await t.test(name, async () => {
        if ('refused' in outcome) {
          await assert.rejects(load(archive), { code: 'INVALID_ARGUMENT', message: outcome.refused })
          await eventually('nothing is left', () => list('layers').length === 0)
          assert.deepEqual(list('images', 'blobs', 'sha256'), [])
          assert.deepEqual(service.store.catalog.list(), [])
        } else {
          await load(archive)
          const found = service.store.catalog.list()
          assert.deepEqual(
            found.flatMap(({ id }) => service.store.catalog.names(id)),
            outcome.names,
          )
          for (const { id } of found) await service.store.catalog.remove(id)
          await service.store.collect()
        }
        assert.deepEqual(list('images', 'ingest'), [])
        assert.deepEqual(readdirSync(victim), ['secret'])
        assert.equal(readFileSync(join(victim, 'secret'), 'utf8'), 'secret')
        assert.throws(() => lstatSync('/berth-victim'), { code: 'ENOENT' })
        assert.deepEqual(workers.killedBy, [])
      })
    }
  })
})
