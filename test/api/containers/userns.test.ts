import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const auto = { UsernsMode: 'auto' }

/** First id on the host of a running container. */
async function firstOf(daemon: TestDaemon, name: string): Promise<number> {
  const { State } = await daemon.inspect(name)
  return Number(readFileSync(`/proc/${State.Pid}/uid_map`, 'utf8').trim().split(/\s+/)[1])
}

test('ranges of auto outlive a killed daemon, are given out once, and come back with the removal', async () => {
  const daemon = await TestDaemon.start()
  try {
    for (const name of ['ca', 'cb']) await daemon.run(name, ['sleep', '1000'], { HostConfig: auto })
    const [a, b] = [await firstOf(daemon, 'ca'), await firstOf(daemon, 'cb')]
    assert.equal(b - a, 65_536)
    await daemon.kill()
    await daemon.launch()
    await daemon.run('cc', ['sleep', '1000'], { HostConfig: auto })
    assert.equal(await firstOf(daemon, 'cc'), b + 65_536)
    assert.equal((await daemon.request('POST', '/containers/ca/restart?t=0')).status, 204)
    assert.equal(await firstOf(daemon, 'ca'), a)
    await daemon.request('DELETE', '/containers/ca?force=1')
    await daemon.run('cd', ['sleep', '1000'], { HostConfig: auto })
    assert.equal(await firstOf(daemon, 'cd'), a)
    const made = await Promise.all(
      ['ce', 'cf', 'cg'].map(name => daemon.run(name, ['sleep', '1000'], { HostConfig: auto })),
    )
    assert.equal(made.length, 3)
    const firsts = await Promise.all(['cb', 'cc', 'cd', 'ce', 'cf', 'cg'].map(name => firstOf(daemon, name)))
    assert.equal(new Set(firsts).size, 6)
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

test('an OOM kill in a user namespace is seen, and the container restarted', async () => {
  const daemon = await TestDaemon.start()
  try {
    const HostConfig = { ...auto, Memory: 16 << 20, RestartPolicy: { Name: 'always' } }
    await daemon.run('eater', ['sh', '-c', 'sleep 0.2; exec tail /dev/zero'], { HostConfig })
    await eventually('a restart', async () => (await daemon.inspect('eater')).RestartCount > 0)
    await daemon.request('DELETE', '/containers/eater?force=1')
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})

test('modes that are none are refused at create', async () => {
  const daemon = await TestDaemon.start()
  try {
    const body = { Image: 'rootfs:/', Cmd: ['true'], HostConfig: { UsernsMode: 'nobody' } }
    const { status, message } = await daemon.request('POST', '/containers/create', body)
    assert.deepEqual([status, /expected "host", "auto", "keep-id"/.test(message)], [400, true])
  } finally {
    await daemon[Symbol.asyncDispose]()
  }
})
