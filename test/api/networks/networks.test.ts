import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

onEngines('networks', engine => {
  const made: string[] = []
  after(async () => {
    for (const id of made) await engine().request('DELETE', `/networks/${id}`)
  })
  const create = (body: Readonly<Record<string, unknown>>) =>
    engine().request('POST', '/networks/create', { Name: engine().unique('net'), ...body })
  const ranges = (...Config: unknown[]) => ({ IPAM: { Config } })

  test('everything that is wrong with addresses and options is refused in dockerd’s words', async () => {
    const subnet = '10.253.77.0/24'
    for (const [body, status, message] of [
      [{ Name: '' }, 400, 'invalid name: name is empty'],
      [{ Name: 'bridge' }, 403, 'operation is not permitted on predefined bridge network '],
      [{ Driver: 'bogus' }, 404, 'plugin "bogus" not found'],
      [{ IPAM: { Driver: 'bogus' } }, 404, 'plugin "bogus" not found'],
      [{ Scope: 'swarm' }, 403, 'cannot create a swarm scoped network when swarm is not active'],
      [ranges({ Subnet: 'x' }), 400, 'invalid network config:\ninvalid subnet x: invalid CIDR block notation'],
      [
        ranges({ Subnet: '10.253.77.1/24' }),
        400,
        'invalid network config:\ninvalid subnet 10.253.77.1/24: it should be 10.253.77.0/24',
      ],
      [
        ranges({ Subnet: subnet, Gateway: '10.1.1.1' }),
        400,
        `invalid network config:\ninvalid gateway 10.1.1.1: parent subnet ${subnet} doesn't contain this address`,
      ],
      [
        ranges({ Subnet: subnet, Gateway: 'x', IPRange: '10.1.0.0/25' }),
        400,
        `invalid network config:\n* invalid ip-range 10.1.0.0/25: parent subnet ${subnet} doesn't contain ip-range\n* invalid gateway x: invalid address`,
      ],
      [
        ranges({ Subnet: subnet, AuxiliaryAddresses: { host: '10.1.1.1' } }),
        400,
        `invalid network config:\ninvalid auxiliary address host: parent subnet ${subnet} doesn't contain this address`,
      ],
      [
        { Options: { 'com.docker.network.bridge.enable_icc': 'x' } },
        400,
        'failed to parse com.docker.network.bridge.enable_icc value: x (strconv.ParseBool: parsing "x": invalid syntax)',
      ],
      [
        { Options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'x' } },
        400,
        'failed to parse com.docker.network.bridge.gateway_mode_ipv4 value: x (unknown gateway mode x)',
      ],
    ] as const) {
      const answer = await create(body)
      assert.deepEqual([answer.status, answer.message], [status, message], JSON.stringify(body))
    }
  })

  test('a network shows null for what nobody asked for', async () => {
    const { json } = await create({ Name: engine().unique('plain') })
    const { Id } = json as { Id: string }
    made.push(Id)
    const shown = await engine().call<{ IPAM: { Options: unknown; Config: unknown[] } }>('GET', `/networks/${Id}`)
    assert.deepEqual([shown.IPAM.Options, shown.IPAM.Config.length], [null, 1])
    const none = await engine().call<{ IPAM: unknown }>('GET', '/networks/none')
    assert.deepEqual(none.IPAM, { Driver: 'default', Options: null, Config: null })
  })

  test('addresses are chosen only where the subnet was', async () => {
    const { json } = await create({ Name: engine().unique('picked') })
    const { Id } = json as { Id: string }
    made.push(Id)
    const Container = await engine().run('picky', ['busybox', 'sleep', '1000'])
    const EndpointConfig = { IPAMConfig: { IPv4Address: '10.1.1.1' } }
    const answer = await engine().request('POST', `/networks/${Id}/connect`, { Container, EndpointConfig })
    const why = 'user specified IP address is supported only when connecting to networks with user configured subnets'
    assert.deepEqual([answer.status, answer.message], [400, `invalid endpoint settings:\n${why}`])
  })

  test('who may be connected, and how', async () => {
    // Both engines are on one host.
    const prefix = engine().name === 'dockerd' ? '10.253.78' : '10.253.79'
    const { json } = await create({ Name: engine().unique('joined'), ...ranges({ Subnet: `${prefix}.0/24` }) })
    const { Id } = json as { Id: string }
    made.push(Id)
    const Container = await engine().run('member', ['busybox', 'sleep', '1000'])
    for (const [network, body, status, message] of [
      [Id, {}, 400, 'invalid name or ID supplied: ""'],
      [
        Id,
        { Container, EndpointConfig: { IPAMConfig: { IPv4Address: 'x' } } },
        400,
        'invalid endpoint settings:\n* invalid IPv4 address: x\n* no configured subnet or ip-range contain the IP address x',
      ],
      [Id, { Container, EndpointConfig: { MacAddress: 'x' } }, 400, 'invalid MAC address x'],
      [
        'host',
        { Container },
        400,
        'cannot connect container to host network - container must be created in host network mode',
      ],
    ] as const) {
      const answer = await engine().request('POST', `/networks/${network}/connect`, body)
      assert.deepEqual([answer.status, answer.message], [status, message], JSON.stringify(body))
    }
    assert.equal((await engine().request('POST', `/networks/${Id}/connect`, { Container })).status, 200)
    assert.equal((await engine().request('DELETE', `/networks/${Id}`)).status, 403)
    assert.equal((await engine().request('POST', `/networks/${Id}/disconnect`, { Container, Force: true })).status, 200)
  })
})
