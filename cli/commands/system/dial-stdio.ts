import { connect as connectSocket, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { BerthError } from '../../../schemas/errors.ts'
import { parseAddress, requestedHost } from '../../client/address.ts'
import { daemonPlaces } from '../../daemon/places.ts'
import { connect } from '../../session/connect.ts'
import { defineCommand } from '../definition.ts'

export const systemDialStdio = defineCommand({
  details: 'Joins standard input and output with the engine: what --host ssh:// runs at the other end.',
  async run(context) {
    // Starts the daemon where that is ours to do.
    const client = await connect(context)
    client.close()
    const host = requestedHost(context.globals.host, context.env)
    const address = host === undefined ? undefined : await parseAddress(host, context.env)
    if (address && address.kind !== 'unix')
      throw new BerthError('USAGE', 'only an engine at a UNIX socket can be dialled', { hint: 'leave --host out' })
    const socket = await dial(address?.socketPath ?? daemonPlaces(context.env).socket)
    const input = pipeline(context.stdin(), socket).catch(() => {})
    for await (const chunk of socket)
      if (!context.stdout.write(chunk)) await new Promise(done => context.stdout.once('drain', done))
    context.stdin().destroy()
    await input
    return 0
  },
})

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path, allowHalfOpen: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', cause => reject(new BerthError('UNAVAILABLE', `no engine answers at ${path}`, { cause })))
  })
}
