import { connectNetwork, disconnectNetwork } from '../../client/networks.ts'
import { connect } from '../../session/connect.ts'
import { collect, integer } from '../../session/globals.ts'
import { readPairs } from '../../session/pairs.ts'
import { defineCommand } from '../definition.ts'

interface ConnectFlags {
  readonly alias: readonly string[]
  readonly driverOpt: readonly string[]
  readonly gwPriority?: number
  readonly ip?: string
  readonly ip6?: string
  readonly link: readonly string[]
  readonly linkLocalIp: readonly string[]
}

export const networkConnect = defineCommand<ConnectFlags>({
  configure: command =>
    command
      .argument('<NETWORK>', 'name or id')
      .argument('<CONTAINER>', 'name or id')
      .option('--alias <name>', 'another name for it there; may be repeated', collect, [])
      .option('--driver-opt <name=value>', 'an option of the driver; may be repeated', collect, [])
      .option(
        '--gw-priority <number>',
        'the network with the highest one gives the default route',
        integer(Number.MIN_SAFE_INTEGER),
      )
      .option('--ip <address>', 'its IPv4 address')
      .option('--ip6 <address>', 'its IPv6 address')
      .option('--link <container>', 'name another container as this one sees it; may be repeated', collect, [])
      .option('--link-local-ip <address>', 'a link-local address; may be repeated', collect, []),
  examples: [{ line: 'berth network connect --alias db shared shop-db-1', means: 'let others reach it as db' }],
  async run(context, [network = '', container = ''], flags) {
    const { alias, driverOpt, gwPriority, ip, ip6, link, linkLocalIp } = flags
    await connectNetwork(await connect(context), network, {
      Container: container,
      EndpointConfig: {
        ...(alias.length > 0 ? { Aliases: [...alias] } : {}),
        ...(link.length > 0 ? { Links: [...link] } : {}),
        ...(driverOpt.length > 0 ? { DriverOpts: readPairs(driverOpt) } : {}),
        ...(gwPriority === undefined ? {} : { GwPriority: gwPriority }),
        ...(ip !== undefined || ip6 !== undefined || linkLocalIp.length > 0
          ? {
              IPAMConfig: {
                ...(ip === undefined ? {} : { IPv4Address: ip }),
                ...(ip6 === undefined ? {} : { IPv6Address: ip6 }),
                ...(linkLocalIp.length > 0 ? { LinkLocalIPs: [...linkLocalIp] } : {}),
              },
            }
          : {}),
      },
    })
    return 0
  },
})

export const networkDisconnect = defineCommand<{ readonly force?: true }>({
  configure: command =>
    command
      .argument('<NETWORK>', 'name or id')
      .argument('<CONTAINER>', 'name or id')
      .option('-f, --force', 'also when the container cannot be asked'),
  examples: [{ line: 'berth network disconnect shared shop-db-1', means: 'take it off the network' }],
  async run(context, [network = '', container = ''], { force = false }) {
    await disconnectNetwork(await connect(context), network, { Container: container, Force: force })
    return 0
  },
})
