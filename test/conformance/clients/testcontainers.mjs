// What a test with testcontainers does; prints what it saw as one line of JSON. The image is the first argument.
import { GenericContainer, Network, Wait } from 'testcontainers'

const [image] = process.argv.slice(2)
const seen = {}
const network = await new Network().start()
const server = await new GenericContainer(image)
  .withCommand(['sh', '-c', 'echo ready; busybox cat /etc/hello.txt; exec busybox sleep 100'])
  .withExposedPorts(8080)
  .withNetwork(network)
  .withNetworkAliases('web')
  .withEnvironment({ A: 'b' })
  .withCopyContentToContainer([{ content: 'hello\n', target: '/etc/hello.txt' }])
  .withWaitStrategy(Wait.forLogMessage('ready'))
  .start()
seen.port = server.getMappedPort(8080) > 0
seen.exec = await server.exec(['sh', '-c', 'echo $A; busybox cat /etc/hello.txt; exit 3'])
seen.address = server.getIpAddress(network.getName()) !== ''
await server.restart()
seen.portAfterRestart = server.getMappedPort(8080) > 0
await server.stop()

const unhealthy = new GenericContainer(image)
  .withCommand(['sh', '-c', 'exec busybox sleep 100'])
  .withHealthCheck({ test: ['CMD-SHELL', 'exit 0'], interval: 100, timeout: 1000, retries: 3, startPeriod: 0 })
  .withWaitStrategy(Wait.forHealthCheck())
const healthy = await unhealthy.start()
seen.healthy = true
await healthy.stop()
await network.stop()
process.stdout.write(`${JSON.stringify(seen)}\n`)
process.exit(0)
