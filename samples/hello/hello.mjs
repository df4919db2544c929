import { createServer } from 'node:http'
import { hostname, totalmem } from 'node:os'

const server = createServer((request, response) => {
  if (request.url !== '/health') console.log(`${request.method} ${request.url}`)
  response.end(
    `Hello from ${hostname()}: pid ${process.pid}, user ${process.getuid()}, ${Math.round(totalmem() / 2 ** 20)} MiB on the host\n`,
  )
})
server.listen(8080, () => console.log('listening on port 8080'))

// PID 1 has no default for SIGTERM: without this line a stop would take ten seconds.
process.on('SIGTERM', () => process.exit(0))
