import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { unpackTar } from 'modern-tar'
import type { ContainerInspect, FilesystemChange } from '../../../schemas/api/containers.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { build } from '../../support/build.ts'
import { demultiplex } from '../../support/daemon.ts'
import { tar } from '../../support/tar-writer.ts'

/**
 * The dockerd to compare with is one of its own: `dockerd --userns-remap=default` on other folders, whose socket BERTH_PEER_REMAP_HOST names. It may be
 * without a bridge.
 */
const isolated = { NetworkMode: 'none' }
const sleep = ['busybox', 'sleep', '1000']

async function bytesOf(engine: ApiEngine, path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await engine.open('GET', path)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

onEngines(
  'userns-remap',
  engine => {
    let api: ApiEngine
    let host: string
    before(() => {
      api = engine()
      host = mkdtempSync(join(tmpdir(), 'berth-remap-'))
    })
    after(() => rmSync(host, { recursive: true, force: true }))

    async function output(script: string, hostConfig: object = {}, more: object = {}): Promise<string> {
      const id = await api.create(`run${Math.random()}`, ['busybox', 'sh', '-c', script], {
        HostConfig: { ...isolated, ...hostConfig },
        ...more,
      })
      try {
        await api.finish(id)
        return demultiplex(await bytesOf(api, `/containers/${id}/logs?stdout=1&stderr=1`))
      } finally {
        await api.request('DELETE', `/containers/${id}?force=1&v=1`)
      }
    }

    async function exec(id: string, script: string): Promise<string> {
      const made = await api.call<{ Id: string }>('POST', `/containers/${id}/exec`, {
        Cmd: ['busybox', 'sh', '-c', script],
        AttachStdout: true,
        AttachStderr: true,
      })
      const chunks: Buffer[] = []
      const response = await api.open('POST', `/exec/${made.Id}/start`, { Detach: false })
      for await (const chunk of response) chunks.push(chunk as Buffer)
      return demultiplex(Buffer.concat(chunks))
    }

    test('info says so, and containers have another map unless they ask for the host', async () => {
      const { SecurityOptions } = await api.call<{ SecurityOptions: string[] }>('GET', '/info')
      assert.ok(SecurityOptions.includes('name=userns'), String(SecurityOptions))
      const script = 'busybox cat /proc/self/uid_map /proc/self/gid_map; busybox id -u'
      const [uid, gid, id] = (await output(script)).split('\n').map(line => line.trim().split(/\s+/))
      assert.deepEqual([uid?.[0], uid?.[2], gid?.[0], gid?.[2], id?.[0]], ['0', '65536', '0', '65536', '0'])
      assert.notEqual(uid?.[1], '0')
      assert.match(await output(script, { UsernsMode: 'host' }), /^\s*0\s+0\s+4294967295\n/)
    })

    test('what cannot go with it is refused', async () => {
      const refusal = async (hostConfig: object): Promise<string> => {
        const body = { Image: api.image, Cmd: sleep, HostConfig: hostConfig }
        const { status, message } = await api.request('POST', '/containers/create', body)
        assert.equal(status, 400)
        return message
      }
      assert.match(await refusal({ Privileged: true }), /^privileged mode is incompatible with user namespaces\. /)
      assert.match(await refusal({ NetworkMode: 'host' }), /^cannot share the host's network namespace when user/)
      assert.match(await refusal({ PidMode: 'host' }), /^cannot share the host PID namespace when user namespaces/)
    })

    test('files of the host are out of reach, and what is made there belongs to the mapped root', async () => {
      const script =
        'busybox cat /host/secret 2>/dev/null || echo no; echo x >/host/made; busybox stat -c %u /host/made /host/secret'
      const Binds = [`${host}:/host`]
      // By a container of the host's user namespace: a dockerd may have another root than this test.
      const secret = 'umask 077; echo of the host >/host/secret; busybox chmod 777 /host'
      await output(secret, { Binds, UsernsMode: 'host' })
      assert.equal(await output(script, { Binds }), 'no\n0\n65534\n')
      const owners = 'busybox stat -c %u /host/secret /host/made; busybox cat /host/secret'
      assert.match(await output(owners, { Binds, UsernsMode: 'host' }), /^0\n[1-9]\d+\nof the host\n$/)
    })

    test('exec, cp, diff, export, volumes and commit have the ids that the container sees', async () => {
      const volume = api.unique('vol')
      const id = await api.run('ids', sleep, { HostConfig: { ...isolated, Binds: [`${volume}:/vol`] } })
      const made =
        'echo x >/made; busybox chown 5:6 /made; echo y >/vol/file; busybox chown 7:8 /vol/file; busybox id -u'
      assert.equal(await exec(id, made), '0\n')
      const archive = tar({ name: 'put', content: 'put', uid: 1000, gid: 1001 })
      assert.equal((await api.request('PUT', `/containers/${id}/archive?path=/`, archive)).status, 200)
      assert.equal(await exec(id, 'busybox stat -c %u:%g /put /made /etc/hosts'), '1000:1001\n5:6\n0:0\n')
      const owners = async (path: string) =>
        (await unpackTar(await bytesOf(api, path))).map(({ header }) => [header.name, header.uid, header.gid])
      // dockerd gives the numbers of its host here, and the container's own in an export.
      const isOurs = api.name === 'berthd'
      if (isOurs) assert.deepEqual(await owners(`/containers/${id}/archive?path=/put`), [['put', 1000, 1001]])
      assert.deepEqual(
        (await owners(`/containers/${id}/export`)).find(([name]) => name === 'made'),
        ['made', 5, 6],
      )
      const changes = await api.call<FilesystemChange[]>('GET', `/containers/${id}/changes`)
      assert.ok(changes.some(({ Path, Kind }) => Path === '/made' && Kind === 1))
      assert.equal(await output('busybox stat -c %u:%g /vol/file', { Binds: [`${volume}:/vol:ro`] }), '7:8\n')

      await api.call('POST', `/containers/${id}/stop?t=0`)
      if (isOurs) assert.deepEqual(await owners(`/containers/${id}/archive?path=/made`), [['made', 5, 6]])
      const repo = api.unique('committed')
      await api.call('POST', `/commit?container=${id}&repo=${repo}&tag=1`, {})
      try {
        assert.equal(await output('busybox stat -c %u:%g /made /put', {}, { Image: `${repo}:1` }), '5:6\n1000:1001\n')
      } finally {
        await api.request('DELETE', `/images/${repo}:1?force=1`)
      }
      const { HostConfig } = await api.call<ContainerInspect>('GET', `/containers/${id}/json`)
      assert.equal(HostConfig.UsernsMode, '')
    })

    test('steps of a build run in it, and their files have its ids', async () => {
      const name = `${api.unique('built')}:1`
      const dockerfile = 'FROM {BASE}\nRUN busybox cat /proc/self/uid_map; echo x >/made; busybox chown 5:6 /made'
      const answer = await build(api, dockerfile, { query: { t: name, networkmode: 'none' } })
      try {
        assert.equal(answer.error, '', answer.text)
        assert.match(answer.text, /\n\s*0\s+[1-9]\d+\s+65536\n/)
        assert.equal(await output('busybox stat -c %u:%g /made', {}, { Image: name }), '5:6\n')
      } finally {
        await api.request('DELETE', `/images/${name}?force=1`)
      }
    })
  },
  { daemonArguments: ['--userns-remap', 'default'], peer: process.env['BERTH_PEER_REMAP_HOST'] },
)
