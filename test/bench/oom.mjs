// From an out-of-memory kill to the container running again, read from the engine's own event stream.
import { request } from 'node:http'

/** Seconds between the first `oom` event (or the `die`, where no `oom` comes) and the next `start` of a container; undefined when it never restarts. */
export function oomToRunning(side, file, timeoutMs = 15_000) {
  return new Promise((resolve, reject) => {
    let killedAt
    const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }))
    const stream = request({ socketPath: side.socket, path: `/v1.47/events?filters=${filters}` }, response => {
      side.compose(file, 'up', '-d')
      let rest = ''
      response.on('data', chunk => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop()
        for (const line of lines.filter(Boolean)) look(JSON.parse(line))
      })
    })
    const timer = setTimeout(() => finish(undefined), timeoutMs)
    stream.on('error', reject)
    stream.end()

    function look(event) {
      const action = event.Action
      if (action === 'oom' || (action === 'die' && killedAt === undefined)) killedAt ??= event.timeNano / 1e9
      else if (action === 'start' && killedAt !== undefined) finish(event.timeNano / 1e9 - killedAt)
    }
    function finish(seconds) {
      clearTimeout(timer)
      stream.removeAllListeners('error').on('error', () => {})
      stream.destroy()
      side.compose(file, 'down', '-t', '0')
      resolve(seconds)
    }
  })
}
