import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

interface Event {
  readonly Type: string
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
}

onEngines('events of a container', engine => {
  /** What happened to one container, its networks and volumes since a time, in order. */
  async function events(id: string, since: number): Promise<readonly string[]> {
    const until = (Date.now() + 1) / 1000
    const { text } = await engine().request('GET', `/events?since=${since / 1000}&until=${until}`)
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Event)
      .filter(({ Actor }) => Actor.ID === id || Actor.Attributes['container'] === id)
      .map(({ Type, Action }) => `${Type} ${Action}`)
  }

  test('networks and volumes are left before the end is told', async () => {
    const since = Date.now()
    const volume = engine().unique('v')
    const id = await engine().create('whole', ['sh', '-c', 'exit 3'], { HostConfig: { Binds: [`${volume}:/v`] } })
    assert.equal(await engine().finish(id), 3)
    await engine().call('DELETE', `/containers/${id}`)
    const seen = await events(id, since)
    assert.deepEqual(
      seen.filter(one => one !== 'network connect' && one !== 'volume mount'),
      [
        'container create',
        'container start',
        ...seen.filter(one => one === 'network disconnect' || one === 'volume unmount'),
        'container die',
        'container destroy',
      ],
    )
    for (const one of ['network connect', 'network disconnect', 'volume mount', 'volume unmount'])
      assert.equal(seen.filter(other => other === one).length, 1, one)
  })

  test('a size, a program without arguments, and a paused container that is killed', async () => {
    const since = Date.now()
    const id = await engine().run('odd', ['busybox', 'sleep', '1000'], { Tty: true })
    await engine().call('POST', `/containers/${id}/resize?h=10&w=20`)
    await engine().call('POST', `/containers/${id}/exec`, { Cmd: ['true'] })
    await engine().call('POST', `/containers/${id}/pause`)
    await engine().call('DELETE', `/containers/${id}?force=1`)
    const own = (await events(id, since)).filter(one => one.startsWith('container '))
    assert.deepEqual(own, [
      'container create',
      'container start',
      'container resize',
      'container exec_create: true ',
      'container pause',
      'container kill',
      'container die',
      'container destroy',
    ])
  })

  test('who waits for a container that could not be started is told why', async () => {
    const id = await engine().create('broken', ['nothing-like-that'])
    assert.equal((await engine().request('POST', `/containers/${id}/start`)).status, 400)
    const { StatusCode, Error: error } = await engine().call<{ StatusCode: number; Error?: { Message: string } }>(
      'POST',
      `/containers/${id}/wait`,
    )
    assert.equal(StatusCode, 127)
    assert.match(error?.Message ?? '', /executable file not found in \$PATH/)
  })
})
