import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ContainerPruneResponse, ContainerSummary } from '../../../schemas/api/containers.ts'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'

const query = (filters: object): string => encodeURIComponent(JSON.stringify(filters))

onEngines('list', engine => {
  let api: ApiEngine
  let port: number
  const ids: Record<string, string> = {}
  /** Names (without what makes them unique) of those of ours that match, newest first. */
  const list = async (filters: Record<string, unknown>, more = '&all=1'): Promise<string[]> => {
    const found = await api.call<ContainerSummary[]>('GET', `/containers/json?filters=${query(filters)}${more}`)
    const prefix = `/${api.unique('')}`
    return found.flatMap(({ Names }) => (Names[0]?.startsWith(prefix) ? [Names[0].slice(prefix.length)] : []))
  }

  before(async () => {
    api = engine()
    port = await freePort()
    await api.call('POST', '/networks/create', { Name: api.unique('net') })
    ids['first'] = await api.create('first', ['true'], { Labels: { a: 'b', shared: '' } })
    ids['failed'] = await api.create('failed', ['busybox', 'sh', '-c', 'exit 3'], {
      HostConfig: { Binds: [`${api.unique('data')}:/data`] },
    })
    assert.equal(await api.finish(ids['failed']), 3)
    ids['up'] = await api.run('up', ['busybox', 'sleep', '1000'], {
      Labels: { a: 'c', shared: '' },
      ExposedPorts: { '80/tcp': {}, '90/udp': {} },
      Healthcheck: { Test: ['CMD', 'busybox', 'true'], Interval: 100_000_000 },
      HostConfig: {
        NetworkMode: api.unique('net'),
        PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
      },
    })
  })
  after(async () => {
    if (ids['up'] !== undefined) await api.request('DELETE', `/containers/${ids['up']}?force=1`)
    await api.request('DELETE', `/networks/${api.unique('net')}`)
  })

  test('by state: those that run, all of them, some', async () => {
    assert.deepEqual(await list({}, ''), ['up'])
    assert.deepEqual(await list({}), ['up', 'failed', 'first'])
    assert.deepEqual(await list({ status: ['created'] }, ''), ['first'])
    assert.deepEqual(await list({ status: ['exited', 'running'] }, ''), ['up', 'failed'])
    assert.deepEqual(await list({ exited: ['3'] }, ''), [])
    assert.deepEqual(await list({ exited: ['3'] }), ['failed'])
    assert.deepEqual(await list({ exited: ['0'] }), [])
    assert.deepEqual(await list({ 'is-task': ['false'] }), ['up', 'failed', 'first'])
    assert.deepEqual(await list({ 'is-task': ['true'] }), [])
  })

  test('by name, id and label', async () => {
    assert.deepEqual(await list({ name: [api.unique('f')] }), ['failed', 'first'])
    assert.deepEqual(await list({ name: [`^/?${api.unique('up')}$`] }), ['up'])
    assert.deepEqual(await list({ id: [ids['up']?.slice(0, 20)] }), ['up'])
    assert.deepEqual(await list({ label: ['a'] }), ['up', 'first'])
    assert.deepEqual(await list({ label: ['a=c', 'shared'] }), ['up'])
    assert.deepEqual(await list({ label: { 'a=b': true } }), ['first'])
  })

  test('by age', async () => {
    assert.deepEqual(await list({ before: [ids['up']] }), ['failed', 'first'])
    assert.deepEqual(await list({ since: [api.unique('first')] }), ['up', 'failed'])
    assert.equal((await api.request('GET', `/containers/json?filters=${query({ before: ['nope-nope'] })}`)).status, 404)
  })

  test('by image, volume, network, ports and health', async () => {
    assert.deepEqual(await list({ ancestor: [api.image] }), ['up', 'failed', 'first'])
    assert.deepEqual(await list({ ancestor: ['nope:1'] }), [])
    assert.deepEqual(await list({ volume: [api.unique('data')] }), ['failed'])
    assert.deepEqual(await list({ volume: ['/data'] }), ['failed'])
    assert.deepEqual(await list({ network: [api.unique('net')] }), ['up'])
    assert.deepEqual(await list({ publish: [String(port)] }), ['up'])
    assert.deepEqual(await list({ publish: [`${port - 5}-${port + 5}/tcp`] }), ['up'])
    assert.deepEqual(await list({ publish: ['80'] }), [])
    assert.deepEqual(await list({ expose: ['80'] }), ['up'])
    assert.deepEqual(await list({ expose: ['85-95/udp'] }), ['up'])
    assert.deepEqual(await list({ expose: ['90/tcp'] }), [])
    assert.deepEqual(await list({ health: ['none'] }), ['failed', 'first'])
    await eventually('healthy', async () => (await list({ health: ['healthy'] })).includes('up'))
  })

  test('what makes no sense is refused in dockerd’s words', async () => {
    const refused = async (filters: unknown) => {
      const { status, message } = await api.request('GET', `/containers/json?filters=${query(filters as object)}`)
      return [status, message]
    }
    assert.deepEqual(await refused({ x: ['y'] }), [400, "invalid filter 'x'"])
    assert.deepEqual(await refused([]), [400, 'invalid filter'])
    assert.deepEqual(await refused({ status: ['x'] }), [
      400,
      "invalid filter 'status=x': invalid value for state (x): must be one of created, running, paused, restarting, removing, exited, dead",
    ])
    assert.deepEqual(await refused({ exited: ['x'] }), [
      400,
      `invalid filter 'exited=x': strconv.Atoi: parsing "x": invalid syntax`,
    ])
    assert.deepEqual(await refused({ health: ['x'] }), [
      400,
      "invalid filter 'health=x': invalid value for health (x): must be one of none, starting, healthy, unhealthy",
    ])
    assert.deepEqual(await refused({ 'is-task': ['x'] }), [400, "invalid filter 'is-task=[x]'"])
  })

  test('prune removes what is down and matches, and tells how much that was', async () => {
    const filters = { label: [`mine=${api.unique('prune')}`] }
    const Labels = { mine: api.unique('prune') }
    const gone = await api.create('gone', ['busybox', 'sh', '-c', 'echo 1234 >/f'], { Labels })
    await api.finish(gone)
    const stays = await api.run('stays', ['busybox', 'sleep', '1000'], { Labels })
    const none = await api.call<ContainerPruneResponse>(
      'POST',
      `/containers/prune?filters=${query({ ...filters, until: ['10h'] })}`,
    )
    assert.deepEqual(none, { ContainersDeleted: null, SpaceReclaimed: 0 })
    const some = await api.call<ContainerPruneResponse>('POST', `/containers/prune?filters=${query(filters)}`)
    assert.deepEqual(some, { ContainersDeleted: [gone], SpaceReclaimed: 5 })
    await api.call('DELETE', `/containers/${stays}?force=1`)
    const wrong = await api.request('POST', `/containers/prune?filters=${query({ ...filters, until: ['x'] })}`)
    assert.deepEqual([wrong.status, wrong.message], [400, 'failed to parse value as time or duration: "x"'])
  })

  test('rename: refusals', async () => {
    const rename = async (name: string) => {
      const { status, message } = await api.request('POST', `/containers/${ids['first']}/rename?name=${name}`)
      return [status, message]
    }
    assert.deepEqual(await rename(''), [400, 'Neither old nor new names may be empty'])
    assert.deepEqual(await rename(api.unique('first')), [
      400,
      'Renaming a container with the same name as its current name',
    ])
    assert.deepEqual(await rename('@@'), [
      400,
      'Error when allocating new name: Invalid container name (/@@), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    ])
    const [status, message] = await rename(api.unique('up'))
    assert.equal(status, 409)
    assert.match(String(message), /^Error when allocating new name: Conflict\. The container name "\/[^"]+" is already/)
  })
})
