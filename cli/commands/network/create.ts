import { Option } from 'commander'
import type { NetworkCreateRequest } from '../../../schemas/api/networks.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { createNetwork } from '../../client/networks.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { collect } from '../../session/globals.ts'
import { readPairs } from '../../session/pairs.ts'
import { defineCommand } from '../definition.ts'

interface CreateFlags {
  readonly attachable?: true
  readonly auxAddress: readonly string[]
  readonly configFrom?: string
  readonly configOnly?: true
  readonly driver: string
  readonly gateway: readonly string[]
  readonly ingress?: true
  readonly internal?: true
  readonly ipRange: readonly string[]
  readonly ipamDriver: string
  readonly ipamOpt: readonly string[]
  readonly ipv4: boolean
  readonly ipv6?: boolean
  readonly label: readonly string[]
  readonly opt: readonly string[]
  readonly scope?: string
  readonly subnet: readonly string[]
}

export const networkCreate = defineCommand<CreateFlags>({
  configure: command =>
    command
      .argument('<NETWORK>', 'name of the new network')
      .option('--attachable', 'containers may join it by hand (they always may)')
      .option(
        '--aux-address <name=address>',
        'an address of the subnet that is not given out; may be repeated',
        collect,
        [],
      )
      .option('-d, --driver <name>', 'driver of the network', 'bridge')
      .option('--gateway <address>', 'address of the host in it; one for each subnet', collect, [])
      .option('--internal', 'no way out of it')
      .option(
        '--ip-range <subnet>',
        'part of the subnet that addresses are given out of; one for each subnet',
        collect,
        [],
      )
      .option('--ipam-driver <name>', 'driver for addresses', 'default')
      .option('--ipam-opt <name=value>', 'an option of that driver; may be repeated', collect, [])
      .addOption(new Option('--ipv4', 'IPv4 addresses (the default)').default(true).hideHelp())
      .option('--no-ipv4', 'no IPv4 addresses (also --ipv4=false)')
      .option('--ipv6', 'IPv6 addresses too')
      .option('--label <name=value>', 'a label; may be repeated', collect, [])
      .option('-o, --opt <name=value>', 'an option of the driver; may be repeated', collect, [])
      .option('--subnet <subnet>', 'addresses of the network, e.g. 10.9.0.0/24; may be repeated', collect, [])
      .addOption(new Option('--config-from <network>').hideHelp())
      .addOption(new Option('--config-only').hideHelp())
      .addOption(new Option('--ingress').hideHelp())
      .addOption(new Option('--scope <name>').hideHelp()),
  examples: [
    { line: 'berth network create shared', means: 'a network that several stacks can use as external' },
    { line: 'berth network create --internal --subnet 10.9.0.0/24 back', means: 'one without a way out' },
  ],
  async run(context, [name = ''], flags) {
    for (const [flag, value] of Object.entries({
      '--config-from': flags.configFrom,
      '--config-only': flags.configOnly,
      '--ingress': flags.ingress,
    }))
      if (value !== undefined)
        throw new BerthError('NOT_IMPLEMENTED', `${flag} is for networks of a swarm`, { hint: 'leave it out' })
    const { Id, Warning } = await createNetwork(await connect(context), request(name, flags))
    if (Warning) context.stderr.write(`warning: ${Warning}\n`)
    print(context, `${Id}\n`)
    return 0
  },
})

/** Gateways and ranges belong to subnets by their order, which holds for one subnet and is how docker's examples write several. */
function request(name: string, flags: CreateFlags): NetworkCreateRequest {
  const { subnet, gateway, ipRange } = flags
  if (subnet.length === 0 && gateway.length + ipRange.length + flags.auxAddress.length > 0)
    throw new BerthError('USAGE', '--gateway, --ip-range and --aux-address need a --subnet')
  const config = subnet.map((each, at) => ({
    Subnet: each,
    ...(gateway[at] === undefined ? {} : { Gateway: gateway[at] }),
    ...(ipRange[at] === undefined ? {} : { IPRange: ipRange[at] }),
    ...(at === 0 && flags.auxAddress.length > 0 ? { AuxiliaryAddresses: readPairs(flags.auxAddress) } : {}),
  }))
  return {
    Name: name,
    Driver: flags.driver,
    Internal: flags.internal ?? false,
    Attachable: flags.attachable ?? false,
    IPAM: { Driver: flags.ipamDriver, Config: config, Options: readPairs(flags.ipamOpt) },
    ...(flags.ipv4 ? {} : { EnableIPv4: false }),
    ...(flags.ipv6 === undefined ? {} : { EnableIPv6: flags.ipv6 }),
    ...(flags.scope === undefined ? {} : { Scope: flags.scope }),
    Options: readPairs(flags.opt),
    Labels: readPairs(flags.label),
  }
}
