import { BerthError } from '../../../schemas/errors.ts'
import type { ContainerPortOutput } from '../../../schemas/output/container.ts'
import { inspectContainer } from '../../client/containers.ts'
import { connect } from '../../session/connect.ts'
import { print, printJson } from '../../session/context.ts'
import { choice } from '../../session/globals.ts'
import { defineCommand } from '../definition.ts'

export const containerPort = defineCommand<{ readonly format: 'text' | 'json' }>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .argument('[PORT[/PROTOCOL]]', 'port inside the container (default: all that are published)')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  examples: [{ line: 'berth container port shop-web-1 80', means: 'where port 80 can be reached' }],
  async run(context, [name = '', wanted], { format }) {
    const { NetworkSettings } = await inspectContainer(await connect(context), name)
    const published: ContainerPortOutput = Object.entries(NetworkSettings.Ports).flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({ port, address: HostIp, hostPort: Number(HostPort) })),
    )
    const key = wanted === undefined || wanted.includes('/') ? wanted : `${wanted}/tcp`
    const shown = published.filter(({ port }) => key === undefined || port === key)
    if (key !== undefined && shown.length === 0)
      throw new BerthError('NOT_FOUND', `no public port "${key}" published for ${name}`, {
        hint: `its published ports: ${published.map(({ port }) => port).join(', ') || 'none'}`,
      })
    if (format === 'json') printJson(context, shown)
    else
      print(
        context,
        shown
          .map(({ port, address, hostPort }) => {
            const host = `${address.includes(':') ? `[${address}]` : address}:${hostPort}`
            return key === undefined ? `${port} -> ${host}\n` : `${host}\n`
          })
          .join(''),
      )
    return 0
  },
})
