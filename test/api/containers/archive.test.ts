import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { unpackTar } from 'modern-tar'
import type { ContainerInspect, ContainerSummary, FilesystemChange, PathStat } from '../../../schemas/api/containers.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { tar } from '../../support/tar-writer.ts'

const sleep = ['busybox', 'sleep', '1000']
const tree = 'mkdir -p /d/e; echo hi >/d/e/f; ln -s /d /link; ln -s nowhere /lost; ln -s /etc/shadow /d/out'
const shell = (script: string): string[] => ['busybox', 'sh', '-c', script]

async function get(engine: ApiEngine, id: string, path: string) {
  const response = await engine.open('GET', `/containers/${id}/archive?path=${encodeURIComponent(path)}`)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${bytes}`)
  const stat = statOf(response.headers['x-docker-container-path-stat'])
  const entries = await unpackTar(bytes)
  return {
    stat,
    names: entries.map(entry => entry.header.name.replace(/(?<=.)\/$/, '')),
    text: (name: string) =>
      Buffer.from(entries.find(entry => entry.header.name === name)?.data ?? 'not there').toString(),
  }
}

const statOf = (header: unknown): PathStat => JSON.parse(Buffer.from(String(header), 'base64').toString())

const put = (engine: ApiEngine, id: string, path: string, archive: Buffer, query = '') =>
  engine.request('PUT', `/containers/${id}/archive?path=${encodeURIComponent(path)}${query}`, archive)

onEngines('archive', engine => {
  test('a path of a running container: its state, its tar, links as links', async () => {
    const api = engine()
    const id = await api.run('running', shell(`${tree}; busybox sleep 1000`))
    await waitFor(api, id, '/d/out')
    const file = await get(api, id, '/d/e/f')
    assert.deepEqual([file.stat.name, file.stat.size, file.stat.mode, file.stat.linkTarget], ['f', 3, 0o644, ''])
    assert.equal(file.text('f'), 'hi\n')
    const folder = await get(api, id, '/d')
    assert.deepEqual(folder.names, ['d', 'd/e', 'd/e/f', 'd/out'])
    assert.equal(folder.stat.mode, 2 ** 31 + 0o755)
    assert.deepEqual((await get(api, id, '/d/.')).names.slice(0, 2), ['.', './e'])
    const link = await get(api, id, '/link')
    assert.deepEqual([link.names, link.stat.linkTarget, link.stat.mode], [['link'], '/d', 2 ** 27 + 0o777])
    assert.deepEqual((await get(api, id, '/link/')).names.slice(0, 2), ['link', 'link/e'])
    assert.equal((await get(api, id, '/lost')).stat.linkTarget, '/nowhere')
    const missing = await api.request('GET', `/containers/${id}/archive?path=/nope`)
    assert.deepEqual([missing.status, missing.message], [404, `Could not find the file /nope in container ${id}`])
    const none = await api.request('GET', `/containers/${id}/archive`)
    assert.deepEqual([none.status, none.message], [400, 'bad parameter: pathcannot be empty'])
  })

  test('HEAD tells the state of a path alone', async () => {
    const api = engine()
    const id = await api.create('head', ['true'])
    const answer = await api.request('HEAD', `/containers/${id}/archive?path=/bin/busybox`)
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '')
    assert.equal(statOf(answer.headers['x-docker-container-path-stat']).name, 'busybox')
    assert.equal((await api.request('HEAD', `/containers/${id}/archive?path=/nope`)).status, 404)
    assert.deepEqual((await get(api, id, '/')).names.slice(0, 1), ['/'])
  })

  test('what is put into a container that does not run is there when it starts, also in its volume', async () => {
    const api = engine()
    const id = await api.create('stopped', shell('busybox cat /work/a /vol/b'), {
      HostConfig: { Binds: [`${api.unique('vol')}:/vol`] },
    })
    const folder = tar({ name: 'work', flag: '5' }, { name: 'work/a', content: 'one\n' })
    assert.equal((await put(api, id, '/', folder)).status, 200)
    assert.equal((await put(api, id, '/vol', tar({ name: 'b', content: 'two\n' }))).status, 200)
    assert.equal((await get(api, id, '/vol/b')).text('b'), 'two\n')
    assert.equal(await api.finish(id), 0)
    const logs = await api.request('GET', `/containers/${id}/logs?stdout=1`)
    assert.match(logs.text, /one\n[\s\S]*two\n/)
    // And again, now that it has run.
    assert.equal((await get(api, id, '/work/a')).text('a'), 'one\n')
  })

  test('a running container sees at once what is put into it, tmpfs and binds included', async () => {
    const api = engine()
    const host = mkdtempSync(join(tmpdir(), 'berth-cp-'))
    try {
      const id = await api.run('live', sleep, {
        HostConfig: { Binds: [`${host}:/host`], Tmpfs: { '/memory': '' } },
      })
      for (const path of ['/host', '/memory', '/'])
        assert.equal((await put(api, id, path, tar({ name: 'x', content: path }))).status, 200, path)
      // A peer may have a file system of its own.
      if (api.name === 'berthd') assert.deepEqual(readdirSync(host), ['x'])
      for (const path of ['/host/x', '/memory/x', '/x'])
        assert.equal((await get(api, id, path)).text('x'), path === '/x' ? '/' : path.slice(0, -2))
    } finally {
      rmSync(host, { recursive: true })
    }
  })

  test('links in a container lead nowhere outside of it, for reading and for writing', async () => {
    const api = engine()
    const host = mkdtempSync(join(tmpdir(), 'berth-cp-'))
    try {
      writeFileSync(join(host, 'secret'), 'of the host')
      const id = await api.run(
        'links',
        shell(`ln -s ${host} /escape; ln -s ../../../..${host} /up; busybox sleep 1000`),
      )
      await waitFor(api, id, '/up')
      for (const path of ['/escape/secret', '/up/secret', `/../../..${host}/secret`]) {
        assert.equal((await api.request('GET', `/containers/${id}/archive?path=${path}`)).status, 404, path)
      }
      const through = tar({ name: 'escape/planted', content: 'x' })
      await put(api, id, '/', through)
      assert.deepEqual(readdirSync(host), ['secret'])
    } finally {
      rmSync(host, { recursive: true })
    }
  })

  test('a hostile archive stays inside', async () => {
    const api = engine()
    const id = await api.run('hostile', sleep)
    const outside = join(tmpdir(), api.unique('planted'))
    const up = '../'.repeat(12)
    const archives = [
      tar({ name: `${up}${outside.slice(1)}`, content: 'x' }),
      tar({ name: 'l', flag: '2', link: tmpdir() }, { name: `l/${api.unique('planted')}`, content: 'x' }),
      tar({ name: 'h', flag: '1', link: `${up}etc/passwd` }),
      tar({ name: outside, content: 'x' }),
    ]
    for (const archive of archives) await put(api, id, '/tmp', archive).catch(() => undefined)
    assert.ok(!existsSync(outside))
    assert.equal((await put(api, id, '/bin', Buffer.from('no tar at all'.repeat(100)))).status >= 400, true)
    assert.equal((await api.request('GET', `/containers/${id}/json`)).status, 200)
  })

  test('what must not be written to says so', async () => {
    const api = engine()
    const id = await api.run('fixed', sleep, {
      HostConfig: { ReadonlyRootfs: true, Binds: [`${api.unique('fixed')}:/rw`, `${api.unique('fixed2')}:/ro:ro`] },
    })
    const file = tar({ name: 'x', content: '1' })
    const answers = await Promise.all(
      ['/', '/ro', '/rw', '/bin/busybox', '/nope'].map(path => put(api, id, path, file)),
    )
    assert.deepEqual(
      answers.map(({ status, message }) => [status, message]),
      [
        [400, 'container rootfs is marked read-only'],
        [400, 'mounted volume is marked read-only'],
        [200, ''],
        [400, 'extraction point is not a directory'],
        [404, `Could not find the file /nope in container ${id}`],
      ],
    )
  })

  test('noOverwriteDirNonDir keeps folders and files from replacing each other', async () => {
    const api = engine()
    const id = await api.run('kinds', shell('mkdir /a; echo x >/b; busybox sleep 1000'))
    await waitFor(api, id, '/b')
    const strict = '&noOverwriteDirNonDir=true'
    const first = await put(api, id, '/', tar({ name: 'a', content: 'x' }), strict)
    assert.match(first.message, /^cannot overwrite directory "a" with non-directory "\/"$/)
    const second = await put(api, id, '/', tar({ name: 'b', flag: '5' }), strict)
    assert.match(second.message, /^cannot overwrite non-directory "b" with directory "\/"$/)
    assert.equal((await put(api, id, '/', tar({ name: 'b', flag: '5' }))).status, 200)
    assert.equal((await get(api, id, '/b')).stat.mode, 2 ** 31 + 0o755)
  })

  test('owners are those of the archive, or of the container’s user', async () => {
    const api = engine()
    const id = await api.create('owners', shell('stat -c %u:%g /x /y'), { User: '7:8' })
    await put(api, id, '/', tar({ name: 'x', content: '', uid: 5, gid: 6 }))
    await put(api, id, '/', tar({ name: 'y', content: '', uid: 5, gid: 6 }), '&copyUIDGID=1')
    await api.finish(id)
    assert.match((await api.request('GET', `/containers/${id}/logs?stdout=1`)).text, /5:6\n[\s\S]*7:8\n/)
  })

  test('changes, sizes and export', async () => {
    const api = engine()
    const id = await api.run(
      'changed',
      shell('mkdir /new; busybox rm /bin/sh; echo x >/memory/y; echo 12345 >/new/f; busybox sleep 1000'),
      { HostConfig: { Tmpfs: { '/memory': '' } } },
    )
    await waitFor(api, id, '/new/f')
    const changes = await api.call<FilesystemChange[]>('GET', `/containers/${id}/changes`)
    const shown = changes.map(({ Path, Kind }) => `${'CAD'[Kind]} ${Path}`).sort()
    assert.deepEqual(shown, ['A /memory', 'A /new', 'A /new/f', 'C /bin', 'D /bin/sh'])
    const sized = await api.call<ContainerInspect>('GET', `/containers/${id}/json?size=1`)
    assert.equal(sized.SizeRw, 6)
    assert.ok((sized.SizeRootFs ?? 0) > 1_000_000)
    assert.equal((await api.call<ContainerInspect>('GET', `/containers/${id}/json`)).SizeRw, undefined)
    const filters = encodeURIComponent(JSON.stringify({ id: [id] }))
    const [listed] = await api.call<ContainerSummary[]>('GET', `/containers/json?size=1&filters=${filters}`)
    assert.deepEqual([listed?.SizeRw, listed?.SizeRootFs], [sized.SizeRw, sized.SizeRootFs])
    const response = await api.open('GET', `/containers/${id}/export`)
    assert.equal(response.headers['content-type'], 'application/octet-stream')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const names = (await unpackTar(Buffer.concat(chunks))).map(({ header }) => header.name.replace(/\/$/, ''))
    assert.ok(names.includes('new/f') && names.includes('bin/busybox'))
    assert.ok(!names.includes('memory/y') && !names.includes('bin/sh'))
  })

  test('a container that never ran has no changes', async () => {
    const api = engine()
    const id = await api.create('fresh', ['true'])
    assert.equal(await api.call('GET', `/containers/${id}/changes`), null)
  })
})

/** Until a path is there: what the container does first is done. */
async function waitFor(engine: ApiEngine, id: string, path: string): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const { status } = await engine.request('HEAD', `/containers/${id}/archive?path=${path}`)
    if (status === 200) return
    if (Date.now() > deadline) throw new Error(`${path} did not come: ${status}`)
  }
}
