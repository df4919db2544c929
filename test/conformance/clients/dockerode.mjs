// A life with dockerode; prints what it saw as one line of JSON. The image is the first argument.
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import Docker from 'dockerode'

const [image] = process.argv.slice(2)
const docker = new Docker()
const seen = {}

const text = new PassThrough()
// The answer of wait and the last output come over two connections, in any order.
const output = all(text)
const [{ StatusCode }, once1] = await docker.run(image, ['sh', '-c', 'echo hi; exit 4'], text)
seen.run = { code: StatusCode, text: (await output).toString().trim() }
await once1.remove()

const volume = await docker.createVolume({ Name: `dockerode-${process.pid}` })
seen.volume = (await volume.inspect()).Driver

const container = await docker.createContainer({
  Image: image,
  Cmd: ['sh', '-c', 'exec busybox sleep 100'],
  HostConfig: { Binds: [`${volume.name}:/data`], Memory: 64 * 1024 * 1024 },
})
await container.start()
const exec = await container.exec({
  Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 5'],
  AttachStdout: true,
  AttachStderr: true,
})
const stream = await exec.start({ hijack: true })
const [out, err] = [new PassThrough(), new PassThrough()]
docker.modem.demuxStream(stream, out, err)
await once(stream, 'end')
seen.exec = { out: String(out.read()), err: String(err.read()), code: (await exec.inspect()).ExitCode }

await container.putArchive(await tarOf('/etc/hostname'), { path: '/data' })
const archive = await container.getArchive({ path: '/data/hostname' })
seen.archive = (await bytes(archive)) > 512
const { memory_stats } = await container.stats({ stream: false })
seen.limit = memory_stats.limit
await container.pause()
seen.paused = (await container.inspect()).State.Status
await container.unpause()
await container.update({ Memory: 128 * 1024 * 1024, MemorySwap: 256 * 1024 * 1024 })
seen.updated = (await container.inspect()).HostConfig.Memory
const waiting = container.wait()
await container.kill({ signal: 'SIGKILL' })
seen.killed = (await waiting).StatusCode
await container.remove({ v: true })
await volume.remove()
const events = await docker.getEvents({
  since: 0,
  until: Math.ceil(Date.now() / 1000),
  filters: { container: [container.id] },
})
seen.events = [...new Set(String(await all(events)).match(/"Action":"[a-z_-]+/g))].map(match => match.slice(10))
process.stdout.write(`${JSON.stringify(seen)}\n`)

async function tarOf(path) {
  const { execFileSync } = await import('node:child_process')
  return execFileSync('tar', ['-C', '/etc', '-c', path.slice('/etc/'.length)])
}

async function all(readable) {
  const chunks = []
  for await (const chunk of readable) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function bytes(readable) {
  return (await all(readable)).length
}
