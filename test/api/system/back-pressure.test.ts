import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

/** How much a daemon may grow while somebody does not read: buffers of a few megabytes, and what its collector has not given back yet. */
const allowedBytes = 48 * 1024 * 1024
/** Long enough for a daemon without back-pressure to take in far more. */
const stalledMs = 2500

let daemon: TestDaemon
before(async () => {
  daemon = await TestDaemon.start()
})
after(() => daemon[Symbol.asyncDispose]())

const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) * 1024
const openFiles = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length

/** Opens an answer, reads nothing of it for a while, goes away, and says by how much the daemon grew. */
async function stall(open: () => Promise<{ destroy(): unknown }>): Promise<number> {
  const files = openFiles()
  const was = residentBytes()
  const client = await open()
  await sleep(stalledMs)
  const grown = residentBytes() - was
  client.destroy()
  // What the request had is given back: the daemon noticed.
  await eventually('the request has ended', () => openFiles() <= files + 2)
  return grown
}

async function paused(path: string): Promise<IncomingMessage> {
  const answer = await daemon.open('GET', path)
  answer.pause()
  answer.on('error', () => undefined)
  return answer
}

function hijacked(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(daemon.socket, () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`)
      socket.once('data', () => {
        socket.pause()
        resolve(socket)
      })
    })
    socket.on('error', reject)
  })
}

const flood = ['sh', '-c', 'while :; do printf %08192d 0; done']

test('a reader of logs that stops reading does not fill the daemon', async () => {
  const id = await daemon.create('logs', flood, { HostConfig: { LogConfig: { Config: { 'max-size': '64m' } } } })
  await daemon.call('POST', `/containers/${id}/start`)
  const { LogPath } = await daemon.inspect(id)
  await eventually('a log that no buffer holds', () => statSync(LogPath).size > allowedBytes)
  assert.ok((await stall(() => paused(`/containers/${id}/logs?stdout=1&follow=1`))) < allowedBytes)
  await daemon.call('DELETE', `/containers/${id}?force=1`)
})

test('neither does one who is attached', async () => {
  const id = await daemon.create('attach', flood, { HostConfig: { LogConfig: { Type: 'none' } } })
  await daemon.call('POST', `/containers/${id}/start`)
  assert.ok((await stall(() => hijacked(`/containers/${id}/attach?stdout=1&stream=1`))) < allowedBytes)
  await daemon.call('DELETE', `/containers/${id}?force=1`)
})

test('nor who takes files, statistics or events', async () => {
  const id = await daemon.create('files', [
    'sh',
    '-c',
    'head -c 134217728 /dev/zero >/tmp/big; echo written; exec sleep 1000',
  ])
  await daemon.call('POST', `/containers/${id}/start`)
  await eventually('the file', async () => (await daemon.logs(id)).includes('written'))
  const container = `/containers/${id}`
  for (const path of [`${container}/archive?path=/tmp/big`, `${container}/export`, `${container}/stats`, '/events'])
    assert.ok((await stall(() => paused(path))) < allowedBytes, path)
  await daemon.call('DELETE', `/containers/${id}?force=1`)
})
