import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCidr } from '../../../../engine/networks/cidr.ts'
import { networkConfig } from '../../../../engine/networks/endpoints.ts'
import { newNetwork, type Surroundings } from '../../../../engine/networks/new-network.ts'
import { describeRuleset } from '../../../../engine/networks/ruleset.ts'
import type { NetworkCreateRequest } from '../../../../schemas/api/networks.ts'

const plain: Surroundings = { id: '0123456789abcdef', created: 'now', networks: [], routes: [] }
const make = (request: Partial<NetworkCreateRequest>, surroundings: Partial<Surroundings> = {}) =>
  newNetwork({ Name: 'shop_default', ...request }, { ...plain, ...surroundings })
const withConfig = (...Config: NonNullable<NonNullable<NetworkCreateRequest['IPAM']>['Config']>) => ({
  IPAM: { Config },
})

test('defaults: first free subnet, first address as gateway, bridge named after the id', () => {
  const record = make(
    {},
    { routes: [parseCidr('10.201.0.0/23')!], networks: [{ name: 'a', subnet: parseCidr('10.201.2.0/24')! }] },
  )
  assert.deepEqual(record.ipam.Config, [{ Subnet: '10.201.3.0/24', Gateway: '10.201.3.1' }])
  assert.equal(record.bridge, 'br-0123456789ab')
  assert.deepEqual(networkConfig(record), {
    networkId: '0123456789abcdef',
    name: 'shop_default',
    bridge: 'br-0123456789ab',
    gateways: ['10.201.3.1/24'],
    mtu: 0,
    isInternal: false,
    masquerade: true,
    allowsPeers: true,
  })
})

test('user subnet, range, gateway and auxiliary addresses', () => {
  const record = make(
    withConfig({
      Subnet: '10.77.0.0/24',
      IPRange: '10.77.0.128/25',
      Gateway: '10.77.0.254',
      AuxiliaryAddresses: { printer: '10.77.0.9' },
    }),
  )
  assert.deepEqual(record.ipam.Config, [
    {
      Subnet: '10.77.0.0/24',
      IPRange: '10.77.0.128/25',
      Gateway: '10.77.0.254',
      AuxiliaryAddresses: { printer: '10.77.0.9' },
    },
  ])
})

test('EnableIPv6 adds a subnet of its own', () => {
  assert.deepEqual(make({ EnableIPv6: true }).ipam.Config?.[1], {
    Subnet: 'fd62:6572:7468::/64',
    Gateway: 'fd62:6572:7468::1',
  })
})

test('mistakes are told apart', () => {
  const taken = { networks: [{ name: 'other', subnet: parseCidr('10.77.0.0/16')! }] }
  const cases: [() => unknown, string, RegExp][] = [
    [() => make(withConfig({ Subnet: '10.77.0.5/24' })), 'INVALID_ARGUMENT', /it should be 10\.77\.0\.0\/24/],
    [() => make({ Name: '../x' }), 'INVALID_ARGUMENT', /invalid network name/],
    [() => make({ Name: 'bridge' }), 'FORBIDDEN', /predefined bridge network/],
    [() => make({ Driver: 'host' }), 'FORBIDDEN', /only one instance of "host"/],
    [() => make({ Driver: 'overlay' }), 'NOT_FOUND', /plugin "overlay" not found/],
    [() => make({ Driver: 'macvlan' }), 'INVALID_ARGUMENT', /option parent/],
    [() => make(withConfig({ Subnet: '10.77.0.0' })), 'INVALID_ARGUMENT', /invalid subnet 10\.77\.0\.0/],
    [
      () => make(withConfig({ Subnet: '10.77.0.0/24', Gateway: '10.78.0.1' })),
      'INVALID_ARGUMENT',
      /invalid gateway 10\.78\.0\.1/,
    ],
    [() => make(withConfig({ Subnet: '10.77.0.0/24', IPRange: '10.0.0.0/8' })), 'INVALID_ARGUMENT', /invalid ip-range/],
    [
      () => make(withConfig({ Subnet: '10.77.3.0/24' }), taken),
      'FORBIDDEN',
      /overlaps network other \(10\.77\.0\.0\/16\)/,
    ],
    [
      () => make(withConfig({ Subnet: '10.77.3.0/24' }), { routes: [parseCidr('10.77.3.0/25')!] }),
      'FORBIDDEN',
      /this host uses already/,
    ],
    [
      () => make({ Options: { 'com.docker.network.driver.mtu': 'big' } }),
      'INVALID_ARGUMENT',
      /failed to parse com\.docker\.network\.driver\.mtu value: big/,
    ],
  ]
  for (const [run, code, message] of cases) assert.throws(run, { code, message })
})

test('the ruleset as text', () => {
  const record = make({})
  const port = { protocol: 'tcp', hostPort: 8080, containerAddress: '10.201.0.2', containerPort: 80 } as const
  const text = describeRuleset({
    networks: [
      networkConfig(record),
      {
        ...networkConfig(record),
        networkId: 'ea1',
        bridge: 'br-sealed',
        name: 'sealed',
        isInternal: true,
        allowsPeers: false,
      },
    ],
    containers: [
      {
        containerId: 'c0ffee',
        endpoints: [
          {
            networkId: record.id,
            interface: 'eth0',
            mac: '02:42:0a:c9:00:02',
            addresses: ['10.201.0.2/24'],
            gateways: ['10.201.0.1'],
            names: ['web'],
            links: { store: 'db' },
          },
        ],
        ports: [
          { ...port, hostAddress: '0.0.0.0' },
          { ...port, hostAddress: '::' },
        ],
      },
    ],
  })
  assert.equal(
    text,
    `address    10.201.0.2/24 02:42:0a:c9:00:02 eth0 of c0ffee in shop_default
bridge     br-0123456789ab (shop_default) 10.201.0.1/24
bridge     br-sealed (sealed) 10.201.0.1/24
internal   br-sealed (sealed)
link       store = db for eth0 of c0ffee in shop_default
masquerade br-0123456789ab (shop_default)
name       web = eth0 of c0ffee in shop_default
peers      br-0123456789ab (shop_default)
publish    tcp 0.0.0.0:8080 -> 10.201.0.2:80 (c0ffee)
relay      tcp [::]:8080 -> 10.201.0.2:80 (c0ffee)
route      default via 10.201.0.1 eth0 of c0ffee in shop_default
`,
  )
})
