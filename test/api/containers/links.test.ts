import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'
import { demultiplex } from '../../support/daemon.ts'

onEngines('links', engine => {
  test('a linked container is in the environment and in /etc/hosts, by its alias', async () => {
    const target = await engine().run('db', ['busybox', 'sleep', '1000'], {
      Hostname: 'dbhost',
      Env: ['FOO=1', 'HOME=/x'],
      ExposedPorts: { '81/tcp': {}, '80/tcp': {}, '53/udp': {} },
    })
    const name = engine().unique('db')
    const id = await engine().create('web', ['sh', '-c', 'busybox env; busybox cat /etc/hosts'], {
      Env: ['MY_DB_ENV_FOO=mine'],
      HostConfig: { Links: [`${name}:my-db`] },
    })
    assert.equal(await engine().finish(id), 0)
    const { HostConfig } = await engine().call<{ HostConfig: { Links: string[] } }>('GET', `/containers/${id}/json`)
    assert.deepEqual(HostConfig.Links, [`/${name}:/${engine().unique('web')}/my-db`])
    const { NetworkSettings } = await engine().call<{ NetworkSettings: { IPAddress: string } }>(
      'GET',
      `/containers/${target}/json`,
    )
    const address = NetworkSettings.IPAddress
    const chunks: Buffer[] = []
    for await (const chunk of await engine().open('GET', `/containers/${id}/logs?stdout=1`))
      chunks.push(chunk as Buffer)
    const lines = demultiplex(Buffer.concat(chunks)).split('\n')
    for (const line of [
      `MY_DB_NAME=/${engine().unique('web')}/my-db`,
      `MY_DB_PORT=tcp://${address}:80`,
      `MY_DB_PORT_80_TCP_START=tcp://${address}:80`,
      'MY_DB_PORT_80_TCP_PORT_END=81',
      `MY_DB_PORT_53_UDP=udp://${address}:53`,
      `MY_DB_PORT_81_TCP_ADDR=${address}`,
      'MY_DB_PORT_81_TCP_PROTO=tcp',
      'MY_DB_ENV_FOO=mine',
      `${address}\tmy-db dbhost ${name}`,
    ])
      assert.equal(lines.filter(one => one === line).length, 1, line)
    assert.equal(
      lines.some(line => line.startsWith('MY_DB_ENV_HOME')),
      false,
    )
  })
})
