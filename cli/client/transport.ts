import { spawn } from 'node:child_process'
import * as http from 'node:http'
import * as https from 'node:https'
import { Duplex } from 'node:stream'
import type { EngineAddress } from './address.ts'

/** How requests reach an engine: the options that every request starts from, and the pool of connections behind them. */
export interface Transport {
  readonly request: (options: http.RequestOptions) => http.ClientRequest
  readonly close: () => void
}

export function createTransport(address: EngineAddress): Transport {
  switch (address.kind) {
    case 'unix': {
      const agent = new http.Agent({ keepAlive: true })
      // A server name, even an empty one, keeps the agent from asking whether the host is an IPv6 address: its pattern takes 5 ms to compile.
      const base = { agent, socketPath: address.socketPath, host: 'localhost', servername: '' }
      return { request: options => http.request({ ...base, ...options }), close: () => agent.destroy() }
    }
    case 'tcp': {
      const { hostname: host, port } = address
      if (address.tls === undefined) {
        const agent = new http.Agent({ keepAlive: true })
        return { request: options => http.request({ agent, host, port, ...options }), close: () => agent.destroy() }
      }
      const agent = new https.Agent({ keepAlive: true, ...address.tls })
      return { request: options => https.request({ agent, host, port, ...options }), close: () => agent.destroy() }
    }
    case 'ssh':
      return sshTransport(address.destination, address.port)
  }
}

/** One ssh process per connection, its stdio being the connection: what `docker -H ssh://` does too. */
function sshTransport(destination: string, port: number | undefined): Transport {
  // With keep-alive the agent would call setKeepAlive() and unref() on the socket, which a pipe pair does not have.
  const agent = new http.Agent({ keepAlive: false })
  const createConnection = (): Duplex => dialOverSsh(destination, port)
  return {
    request: options => http.request({ agent, host: 'localhost', ...options, createConnection }),
    close: () => agent.destroy(),
  }
}

const remoteCommand =
  'if command -v berth >/dev/null 2>&1; then exec berth system dial-stdio; else exec docker system dial-stdio; fi'

function dialOverSsh(destination: string, port: number | undefined): Duplex {
  const portArguments = port === undefined ? [] : ['-p', String(port)]
  const child = spawn('ssh', ['-o', 'ConnectTimeout=30', '-T', ...portArguments, '--', destination, remoteCommand], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const socket = Duplex.from({ readable: child.stdout, writable: child.stdin })
  child.on('error', error => socket.destroy(error))
  socket.on('close', () => child.kill())
  return socket
}
