import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ImageHistoryItem, ImageInspect, ImageSummary, ProgressMessage } from '../../../schemas/api/images.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { hasRegistry, startRegistry, type TestRegistry } from '../../support/registry.ts'
import { tar } from '../../support/tar-writer.ts'

const filtersOf = (filters: object) => `filters=${encodeURIComponent(JSON.stringify(filters))}`
const lines = (text: string) =>
  text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line) as ProgressMessage)

/** A small image of the engine's own: one file, a label that nobody else has. */
async function importImage(engine: ApiEngine, name: string, content = name): Promise<string> {
  const changes = ['CMD ["run"]', 'ENV A=b', `LABEL ${engine.unique('label')}=1`].map(encodeURIComponent)
  const query = `fromSrc=-&repo=${engine.unique(name)}&tag=1&message=made&changes=${changes.join('&changes=')}`
  const answer = await engine.request('POST', `/images/create?${query}`, tar({ name: 'file', content }))
  return lines(answer.text).at(-1)?.status ?? ''
}

onEngines('images', engine => {
  const inspect = (name: string) => engine().call<ImageInspect>('GET', `/images/${name}/json`)

  test('an imported image is described as its instructions say', async () => {
    const id = await importImage(engine(), 'described')
    const name = `${engine().unique('described')}:1`
    const image = await inspect(name)
    assert.match(id, /^sha256:[0-9a-f]{64}$/)
    assert.deepEqual(
      [image.Id, image.RepoTags, image.Os, image.Architecture, image.Comment, image.Parent],
      [id, [name], 'linux', 'amd64', 'made', ''],
    )
    const { Cmd, Entrypoint, Env, Labels, User, WorkingDir, Volumes, OnBuild } = image.Config
    assert.deepEqual(
      { Cmd, Entrypoint, Env, Labels, User, WorkingDir, Volumes, OnBuild },
      {
        Cmd: ['run'],
        Entrypoint: null,
        Env: ['A=b'],
        Labels: { [engine().unique('label')]: '1' },
        User: '',
        WorkingDir: '',
        Volumes: null,
        OnBuild: null,
      },
    )
    assert.equal(image.RootFS.Layers?.length, 1)
    assert.equal(image.Size, 'described'.length)
    const [step, ...more] = await engine().call<ImageHistoryItem[]>('GET', `/images/${name}/history`)
    assert.deepEqual(
      [step?.Id, step?.Tags, step?.Size, step?.Comment, more],
      [id, [name], 'described'.length, 'made', []],
    )
    await engine().call('DELETE', `/images/${name}`)
    const gone = await engine().request('GET', `/images/${name}/json`)
    assert.deepEqual([gone.status, gone.message], [404, `No such image: ${name}`])
  })

  test('lists are filtered; unknown filters are refused', async () => {
    const id = await importImage(engine(), 'listed')
    const label = engine().unique('label')
    const list = async (filters: object) =>
      (await engine().call<ImageSummary[]>('GET', `/images/json?${filtersOf(filters)}`)).map(({ Id }) => Id)
    assert.deepEqual(await list({ label: [label] }), [id])
    assert.deepEqual(await list({ label: [`${label}=2`] }), [])
    assert.deepEqual(await list({ reference: [engine().unique('listed')] }), [id])
    assert.deepEqual(await list({ reference: [`${engine().unique('list')}*:1`] }), [id])
    assert.deepEqual(await list({ reference: [engine().unique('list')] }), [])
    assert.deepEqual(await list({ label: [label], dangling: ['true'] }), [])
    const wrong = await engine().request('GET', `/images/json?${filtersOf({ color: ['red'] })}`)
    assert.deepEqual([wrong.status, wrong.message], [400, "invalid filter 'color'"])
    const prune = await engine().request('POST', `/images/prune?${filtersOf({ reference: ['x'] })}`)
    assert.deepEqual([prune.status, prune.message], [400, "invalid filter 'reference'"])
    const pruned = await engine().call<{ ImagesDeleted: object[]; SpaceReclaimed: number }>(
      'POST',
      `/images/prune?${filtersOf({ label: [label], dangling: ['false'] })}`,
    )
    assert.deepEqual(pruned.ImagesDeleted.slice(0, 2), [
      { Untagged: `${engine().unique('listed')}:1` },
      { Deleted: id },
    ])
    assert.equal(pruned.SpaceReclaimed, 'listed'.length)
  })

  test('removal follows names, and what containers use', async () => {
    const id = await importImage(engine(), 'removed')
    const [first, second, third] = ['removed:1', 'removed:2', 'other:1'].map(name => engine().unique(name))
    for (const [repo, tag] of [
      ['removed', '2'],
      ['other', '1'],
    ] as const)
      assert.equal(
        (await engine().request('POST', `/images/${first}/tag?repo=${engine().unique(repo)}&tag=${tag}`)).status,
        201,
      )
    const remove = (name: string, query = '') => engine().request('DELETE', `/images/${name}${query}`)
    const byId = await remove(id)
    assert.deepEqual(
      [byId.status, byId.message],
      [
        409,
        `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
      ],
    )
    assert.deepEqual((await remove(third ?? '')).json, [{ Untagged: third }])
    assert.equal((await remove(id)).status, 409, 'two tags of one repository too')
    assert.deepEqual((await remove(second ?? '')).json, [{ Untagged: second }])
    const container = await engine().create('holder', ['x'], { Image: first })
    const held = await remove(first ?? '')
    assert.deepEqual(
      [held.status, held.message],
      [
        409,
        `conflict: unable to remove repository reference "${first}" (must force) - container ${container.slice(0, 12)} is using its referenced image ${id.slice(7, 19)}`,
      ],
    )
    await engine().call('DELETE', `/containers/${container}`)
    const items = (await remove(first ?? '')).json as object[]
    assert.deepEqual(items.slice(0, 2), [{ Untagged: first }, { Deleted: id }])
    const again = await remove(first ?? '')
    assert.deepEqual([again.status, again.message], [404, `No such image: ${first}`])
  })

  test('several images go into one archive and come back', async () => {
    const ids = [await importImage(engine(), 'saved-a'), await importImage(engine(), 'saved-b')]
    const names = ['saved-a:1', 'saved-b:1'].map(name => engine().unique(name))
    const response = await engine().open('GET', `/images/get?names=${names.join('&names=')}`)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    for (const name of names) await engine().call('DELETE', `/images/${name}`)
    const loaded = lines((await engine().request('POST', '/images/load?quiet=1', Buffer.concat(chunks))).text)
    assert.deepEqual(
      loaded.flatMap(({ stream }) => stream ?? []).sort(),
      names.map(name => `Loaded image: ${name}\n`),
    )
    assert.deepEqual(await Promise.all(names.map(async name => (await inspect(name)).Id)), ids)
    for (const name of names) await engine().call('DELETE', `/images/${name}`)
    const missing = await engine().request('GET', `/images/get?names=${names[0]}`)
    // dockerd says "reference does not exist" and not which; berthd does.
    assert.equal(missing.status, 404)
  })

  test('disk usage counts a shared layer once', async () => {
    interface Usage {
      readonly LayersSize: number
      readonly Images: readonly ImageSummary[] | null
    }
    const before_ = await engine().call<Usage>('GET', '/system/df?type=image')
    await importImage(engine(), 'used-a', 'the same content')
    await importImage(engine(), 'used-b', 'the same content')
    const usage = await engine().call<Usage>('GET', '/system/df?type=image')
    assert.equal(usage.LayersSize - before_.LayersSize, 'the same content'.length)
    for (const name of ['used-a:1', 'used-b:1'].map(each => engine().unique(each))) {
      const image = usage.Images?.find(({ RepoTags }) => RepoTags?.includes(name))
      assert.deepEqual([image?.Size, image?.SharedSize, image?.Containers], [16, 16, 0])
    }
    for (const name of ['used-a:1', 'used-b:1']) await engine().call('DELETE', `/images/${engine().unique(name)}`)
  })
})

onEngines('registries', engine => {
  let folder: string
  let registry: TestRegistry
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-registry-'))
    if (hasRegistry) registry = await startRegistry(folder, { isProtected: true })
  })
  after(async () => {
    await registry?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const credentials = { username: 'user', password: 'secret' }
  const encode = (value: object) => ({ 'X-Registry-Auth': Buffer.from(JSON.stringify(value)).toString('base64url') })

  test('push, pull and login', { skip: !hasRegistry }, async () => {
    const id = await importImage(engine(), 'pushed')
    const name = `${registry.host}/team/pushed`
    await engine().call('POST', `/images/${engine().unique('pushed:1')}/tag?repo=${name}&tag=1`)
    const push = async (auth: object, tag = '1') =>
      lines((await engine().request('POST', `/images/${name}/push?tag=${tag}`, undefined, encode(auth))).text)
    const refused = await push({})
    assert.deepEqual(refused[0]?.status, `The push refers to repository [${name}]`)
    assert.ok(refused.at(-1)?.error !== undefined)
    assert.match((await push({}, 'none')).at(-1)?.error ?? '', /^tag does not exist: .*team\/pushed:none$/)
    const pushed = await push(credentials)
    const { RootFS } = await engine().call<ImageInspect>('GET', `/images/${name}:1/json`)
    const layer = RootFS.Layers?.[0]?.slice(7, 19)
    assert.deepEqual(
      pushed
        .filter(({ id: layerId }) => layerId === layer)
        .flatMap(({ status }) => (status === 'Pushing' ? [] : status)),
      ['Preparing', 'Pushed'],
    )
    const { aux } = pushed.at(-1) ?? {}
    const digest = String(aux?.['Digest'])
    assert.equal(pushed.at(-2)?.status, `1: digest: ${digest} size: ${aux?.['Size']}`)
    const again = await push(credentials)
    assert.ok(again.some(({ status }) => status === 'Layer already exists'))
    assert.deepEqual((await engine().call<ImageInspect>('GET', `/images/${name}:1/json`)).RepoDigests, [
      `${name}@${digest}`,
    ])

    for (const each of [`${name}:1`, engine().unique('pushed:1')]) await engine().call('DELETE', `/images/${each}`)
    const pull = (tag: string, auth: object) =>
      engine().request('POST', `/images/create?fromImage=${name}&tag=${tag}`, undefined, encode(auth))
    const pulled = lines((await pull('1', credentials)).text)
    const told = pulled.flatMap(({ status }) => status ?? [])
    assert.deepEqual(
      [told[0], ...told.slice(-2)],
      ['Pulling from team/pushed', `Digest: ${digest}`, `Status: Downloaded newer image for ${name}:1`],
    )
    assert.equal((await engine().call<ImageInspect>('GET', `/images/${name}:1/json`)).Id, id)
    const upToDate = lines((await pull('1', credentials)).text)
    assert.equal(upToDate.at(-1)?.status, `Status: Image is up to date for ${name}:1`)
    const unknown = await pull('none', credentials)
    assert.deepEqual(
      [unknown.status, unknown.message],
      [404, `manifest for ${name}:none not found: manifest unknown: manifest unknown`],
    )
    // dockerd answers 500 here and berthd 404: the text begins the same.
    assert.ok((await pull('1', {})).status >= 400)
    assert.deepEqual((await engine().call<object[]>('DELETE', `/images/${name}:1`)).slice(0, 2), [
      { Untagged: `${name}:1` },
      { Untagged: `${name}@${digest}` },
    ])

    const login = (password: string) =>
      engine().request('POST', '/auth', { username: 'user', password, serveraddress: registry.host })
    assert.deepEqual((await login('secret')).json, { Status: 'Login Succeeded', IdentityToken: '' })
    const denied = await login('wrong')
    // dockerd answers 500, as if it were its own fault.
    assert.equal(denied.status, engine().name === 'berthd' ? 401 : 500)
    assert.match(denied.message, /401 Unauthorized/)
  })
})
