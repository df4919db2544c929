import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { TestDaemon } from '../../support/daemon.ts'
import { busyboxLayer, dockerArchive, imageConfig, sha256, upperLayer } from '../../support/image-archive.ts'
import { hasRegistry, skopeo, startRegistry, type TestRegistry } from '../../support/registry.ts'
import { engineSide, podmanSide, type Side } from './sides.ts'

const layers = [busyboxLayer(), upperLayer]
/** What everybody must call the image. */
const imageId = `sha256:${sha256(imageConfig(layers))}`
const archive = dockerArchive(layers, ['interop/x:1'])

const { BERTH_PEER_HOST: peerHost, BERTH_PEER_PODMAN: podman } = process.env
const peers: readonly (() => Side)[] = [
  ...(peerHost === undefined ? [] : [() => engineSide('dockerd', peerHost.replace(/^unix:\/\//, ''))]),
  ...(podman === undefined ? [] : [() => podmanSide(podman)]),
]

describe('images in other hands', { skip: !hasRegistry }, () => {
  let daemon: TestDaemon
  let berth: Side
  let folder: string
  let registry: TestRegistry
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-interop-'))
    registry = await startRegistry(folder)
    daemon = await TestDaemon.start()
    berth = engineSide('berthd', daemon.socket)
    await berth.load(archive)
  })
  after(async () => {
    await daemon[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const layout = () => join(daemon.dataRoot, 'images')
  const digestIn = (...source: string[]): string =>
    `sha256:${sha256(skopeo('inspect', '--raw', '--tls-verify=false', ...source))}`
  const configIn = (...source: string[]): string =>
    `sha256:${sha256(skopeo('inspect', '--raw', '--config', '--tls-verify=false', ...source))}`
  const copy = (from: string, to: string, ...flags: string[]) =>
    skopeo('copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false', ...flags, from, to)

  test('skopeo reads the store itself, and what it makes of it is the same image', async () => {
    const stored = `oci:${layout()}:docker.io/interop/x:1`
    assert.equal(configIn(stored), imageId)
    for (const [kind, flags] of [
      ['oci-archive', ['--preserve-digests']],
      ['docker-archive', []],
    ] as const) {
      const file = join(folder, `${kind}.tar`)
      copy(stored, `${kind}:${file}:interop/y:${kind}`, ...flags)
      if (kind === 'oci-archive') assert.equal(digestIn(`${kind}:${file}`), digestIn(stored))
      await berth.load(readFileSync(file))
      if (kind === 'docker-archive') assert.equal(await berth.id(`interop/y:${kind}`), imageId)
    }
    copy(stored, `oci:${join(folder, 'layout')}:x`, '--preserve-digests')
    for (const name of [`oci:${join(folder, 'layout')}:x`, `oci-archive:${join(folder, 'oci-archive.tar')}`]) {
      const id = await daemon.create(`from-${name.split(':')[0]}`, ['busybox', 'true'], { Image: name })
      assert.equal((await daemon.inspect(id)).Image, imageId, name)
    }
  })

  test('what save writes, one image or many, is read as a docker-archive and as an OCI archive', async () => {
    const second = dockerArchive([upperLayer], ['interop/second:2'])
    await berth.load(second)
    const file = join(folder, 'saved.tar')
    writeFileSync(file, await berth.save(['interop/x:1']))
    assert.equal(configIn(`docker-archive:${file}`), imageId)
    assert.equal(digestIn(`oci-archive:${file}`), digestIn(`oci:${layout()}:docker.io/interop/x:1`))
    writeFileSync(file, await berth.save(['interop/x:1', 'interop/second:2']))
    const { Tags } = JSON.parse(skopeo('list-tags', `docker-archive:${file}`)) as { Tags: string[] }
    assert.deepEqual(Tags.sort(), ['interop/second:2', 'interop/x:1'])
    assert.equal(configIn(`docker-archive:${file}:interop/second:2`), await berth.id('interop/second:2'))
    assert.equal(configIn(`oci-archive:${file}:2`), await berth.id('interop/second:2'))
  })

  test('plain, gzip and zstd layers are pulled and pushed as they are: the digest stays', async () => {
    for (const flags of [
      ['--dest-decompress'],
      ['--dest-compress', '--dest-compress-format', 'gzip'],
      ['--dest-compress', '--dest-compress-format', 'zstd'],
    ]) {
      const format = flags.at(-1)?.replace(/^-*/, '') ?? ''
      const local = join(folder, format)
      copy(`oci:${layout()}:docker.io/interop/x:1`, `dir:${local}`, ...flags)
      copy(`dir:${local}`, `docker://${registry.host}/made/x:${format}`, '--preserve-digests')
      const name = `${registry.host}/made/x:${format}`
      const digest = digestIn(`docker://${name}`)
      await berth.pull(name)
      assert.equal(await berth.id(name), imageId, format)
      assert.ok((await berth.digests(name)).includes(digest), format)
      await berth.tag(name, `${registry.host}/again/${format}:1`)
      await berth.push(`${registry.host}/again/${format}:1`)
      assert.equal(digestIn(`docker://${registry.host}/again/${format}:1`), digest, format)
    }
    // The name that was loaded is still what was loaded.
    await berth.tag('interop/x:1', `${registry.host}/loaded/x:1`)
    await berth.push(`${registry.host}/loaded/x:1`)
    assert.equal(
      digestIn(`docker://${registry.host}/loaded/x:1`),
      digestIn(`oci:${layout()}:${registry.host}/loaded/x:1`),
    )
  })

  for (const start of peers) {
    const { name: peerName } = start()
    test(`${peerName} and Berth give each other images by a registry and by archives`, async t => {
      const peer = start()
      t.after(() => peer.close())
      const own = (text: string) => `${registry.host}/${peerName}/${text}`
      const made: string[] = []
      const note = (text: string) => {
        made.push(text)
        return text
      }
      t.after(async () => {
        for (const each of made) await peer.remove(each).catch(() => undefined)
      })

      const pushed = note(own('pushed:1'))
      await berth.tag('interop/x:1', pushed)
      await berth.push(pushed)
      await peer.pull(pushed)
      assert.equal(await peer.id(pushed), imageId)
      assert.deepEqual(await peer.digests(pushed), await berth.digests(pushed))

      // What the peer makes of it may be another manifest; from then on it stays the same one.
      const theirs = note(own('theirs:1'))
      await peer.tag(pushed, theirs)
      await peer.push(theirs)
      const digest = digestIn(`docker://${theirs}`)
      await berth.pull(theirs)
      assert.equal(await berth.id(theirs), imageId)
      assert.ok((await berth.digests(theirs)).includes(digest))
      await berth.tag(theirs, own('back:1'))
      await berth.push(own('back:1'))
      assert.equal(digestIn(`docker://${own('back:1')}`), digest)

      const saved = await berth.save([pushed, theirs])
      for (const each of made) await peer.remove(each)
      await peer.load(saved)
      assert.deepEqual(await Promise.all(made.map(each => peer.id(each))), [imageId, imageId])
      const given = await peer.save(made)
      for (const each of made) await berth.remove(each)
      await berth.load(given)
      assert.deepEqual(await Promise.all(made.map(each => berth.id(each))), [imageId, imageId])
    })
  }
})
