import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoopbackServer extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string
  readonly port: number
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** An HTTP server on all loopback addresses; what it still has open is cut off at the end. */
export async function startLoopback(answer: Answer): Promise<LoopbackServer> {
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
