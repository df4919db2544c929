// One `docker exec NAME true` as the docker command line asks for it, without its own start: what the engine and its runtime cost.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { ask } from './requests.mjs'

/** Seconds from the first request to the exit code of `true` run in a container; throws when the code is not 0. */
export async function execByApi(socketPath, name) {
  const agent = new Agent({ keepAlive: true })
  const call = (method, path, body) => ask(socketPath, method, path, body, agent)
  const began = performance.now()
  try {
    await call('GET', '/_ping')
    await call('GET', `/containers/${name}/json`)
    const created = await call('POST', `/containers/${name}/exec`, {
      AttachStdout: true,
      AttachStderr: true,
      Cmd: ['true'],
    })
    await attach(socketPath, `/v1.47/exec/${created.Id}/start`)
    const { ExitCode } = await call('GET', `/exec/${created.Id}/json`)
    if (ExitCode !== 0) throw new Error(`exec in ${name} ended with ${ExitCode}`)
    return (performance.now() - began) / 1000
  } finally {
    agent.destroy()
  }
}

/** Hijacks a connection and reads it to its end. */
async function attach(socketPath, path) {
  const text = '{"Detach":false,"Tty":false}'
  const headers = {
    ...{ Connection: 'Upgrade', Upgrade: 'tcp' },
    ...{ 'Content-Type': 'application/json', 'Content-Length': text.length },
  }
  const [, socket] = await once(request({ socketPath, path, method: 'POST', headers }).end(text), 'upgrade')
  socket.resume()
  await once(socket, 'close')
}
