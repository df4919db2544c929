import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** An HTTP proxy on loopback that knows only the hosts it is told: nothing goes anywhere else, and no name is looked up. */
export interface ForwardProxy extends AsyncDisposable {
  readonly url: string
  /** `CONNECT host:port` and `GET http://…`, in order. */
  readonly asked: string[]
}

/** `hosts`: `name:port` as clients ask for it -> port on loopback. Everything else is refused with 502. */
export async function startForwardProxy(hosts: Readonly<Record<string, number>>): Promise<ForwardProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    const url = new URL(incoming.url ?? '')
    asked.push(`${incoming.method} ${url.href}`)
    const port = hosts[`${url.hostname}:${url.port || 80}`]
    if (port === undefined) return response.writeHead(502).end()
    const { method, headers } = incoming
    const outgoing = request({ host: '127.0.0.1', port, path: url.pathname + url.search, method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.once('error', () => response.destroy())
    return incoming.pipe(outgoing)
  })
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`)
    const port = hosts[incoming.url ?? '']
    if (port === undefined) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const target = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const end of [socket, target]) {
      sockets.add(end)
      end.on('error', () => undefined)
      end.once('close', () => {
        socket.destroy()
        target.destroy()
      })
    }
    return socket.pipe(target).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
