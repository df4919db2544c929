import { BerthError } from '../../schemas/errors.ts'
import type { PortOutput } from '../../schemas/output/port.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { choice, integer } from '../session/globals.ts'
import { nameOf, serviceContainer } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { formatPorts } from '../ui/ports.ts'
import { defineCommand } from './definition.ts'

interface PortFlags {
  readonly index?: number
  readonly protocol: 'tcp' | 'udp'
  readonly format: 'text' | 'json'
}

export const port = defineCommand<PortFlags>({
  configure: command =>
    command
      .argument('<SERVICE>', 'service that publishes the port')
      .argument('<PORT>', 'port inside the container', integer(1))
      .option('--index <number>', 'which container, if the service has several', integer(1))
      .addOption(choice('--protocol <name>', 'tcp or udp', ['tcp', 'udp'], 'tcp'))
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth port web 80', means: 'prints for instance 0.0.0.0:8080' }],
  async run(context, [service = '', privatePort = ''], flags) {
    const stack = await findStack(context, [service])
    const client = await connect(context)
    const container = await serviceContainer(client, stack, service, flags.index)
    const found = container.Ports.find(
      candidate =>
        candidate.PrivatePort === Number(privatePort) &&
        candidate.Type === flags.protocol &&
        candidate.PublicPort !== undefined,
    )
    if (found?.PublicPort === undefined) {
      throw new BerthError('NOT_FOUND', `no port ${privatePort}/${flags.protocol} for container ${nameOf(container)}`, {
        hint: `its ports: ${formatPorts(container.Ports) || 'none'}`,
      })
    }
    const { IP = '', PublicPort } = found
    const output: PortOutput = { address: IP, port: PublicPort }
    if (flags.format === 'json') printJson(context, output)
    else print(context, `${IP.includes(':') ? `[${IP}]` : IP}:${PublicPort}\n`)
    return 0
  },
})
