import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { ContainerInspect } from '../../../schemas/api/containers.ts'
import type { HostConfig } from '../../../schemas/api/host-config.ts'
import type { ContainerStats } from '../../../schemas/api/stats.ts'
import { type Engine, engines } from '../../support/engines.ts'

const megabyte = 1 << 20

/** Limits that no engine takes, with dockerd's words. */
const refused: readonly (readonly [HostConfig, string | RegExp])[] = [
  [{ Memory: 4 * megabyte }, 'Minimum memory limit allowed is 6MB'],
  [{ Memory: 6 * megabyte - 1 }, 'Minimum memory limit allowed is 6MB'],
  [{ Memory: -1 }, 'Minimum memory limit allowed is 6MB'],
  [{ MemoryReservation: megabyte }, 'Minimum memory reservation allowed is 6MB'],
  [
    { Memory: 16 * megabyte, MemorySwap: 10 * megabyte },
    'Minimum memoryswap limit should be larger than memory limit, see usage',
  ],
  [{ MemorySwap: megabyte }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [
    { Memory: 8 * megabyte, MemoryReservation: 9 * megabyte },
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  [{ NanoCpus: -1 }, /^range of CPUs is from 0\.01 to \d+\.00, as there are only \d+ CPUs available$/],
  [{ NanoCpus: 1e9, CpuQuota: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [{ CpuPeriod: 10 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ CpuPeriod: 2e6 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ CpuQuota: 10 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ CpuShares: -1 }, 'invalid CPU shares (-1): value must be a positive integer'],
  [{ CpusetCpus: 'x' }, 'Invalid value x for cpuset cpus: invalid format: x'],
  [{ CpusetCpus: '1-0' }, 'Invalid value 1-0 for cpuset cpus: invalid format: 1-0'],
  [{ CpusetCpus: '4095' }, /^Requested CPUs are not available - requested 4095, available: 0/],
  [{ CpusetMems: '63' }, /^Requested memory nodes are not available - requested 63, available: 0/],
  [{ CgroupnsMode: 'other' }, 'invalid cgroup namespace mode: other'],
]

/** One after the other on a container with 64 MiB: what is asked for, and the refusal or the members that inspect has then. */
const updates: readonly (readonly [HostConfig, { readonly refusal?: RegExp; readonly shows?: HostConfig }])[] = [
  [{ Memory: 32 * megabyte }, { shows: { Memory: 32 * megabyte, MemorySwap: 128 * megabyte } }],
  [
    { Memory: 200 * megabyte },
    {
      refusal:
        /^Cannot update container [0-9a-f]{64}: Memory limit should be smaller than already set memoryswap limit/,
    },
  ],
  [
    { Memory: 80 * megabyte, MemorySwap: 90 * megabyte },
    { shows: { Memory: 80 * megabyte, MemorySwap: 90 * megabyte } },
  ],
  [{ MemorySwap: -1 }, { shows: { Memory: 80 * megabyte, MemorySwap: -1 } }],
  [{ Memory: megabyte }, { refusal: /^Minimum memory limit allowed is 6MB$/ }],
  [{ MemoryReservation: 20 * megabyte }, { shows: { MemoryReservation: 20 * megabyte } }],
  [{ NanoCpus: 5e8 }, { shows: { NanoCpus: 5e8 } }],
  [
    { CpuQuota: 20000 },
    { refusal: /: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set$/ },
  ],
  [
    { CpuPeriod: 50000 },
    { refusal: /: Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set$/ },
  ],
  [{ CpuShares: 512 }, { shows: { CpuShares: 512, NanoCpus: 5e8 } }],
  [{ CpusetCpus: '0' }, { shows: { CpusetCpus: '0' } }],
  [{ CpusetCpus: '4095' }, { refusal: /^Requested CPUs are not available/ }],
  [{ PidsLimit: 50 }, { shows: { PidsLimit: 50 } }],
  [{ PidsLimit: 0 }, { shows: { PidsLimit: 0 } }],
  [{ Devices: [{ PathOnHost: '/dev/nothing' }] }, { shows: { PidsLimit: 0 } }],
  [{}, { shows: { Memory: 80 * megabyte, NanoCpus: 5e8, CpusetCpus: '0' } }],
]

for (const { name, start } of engines) {
  describe(`limits on ${name}`, () => {
    let engine: Engine
    before(async () => {
      engine = await start()
    })
    after(async () => {
      await engine[Symbol.asyncDispose]()
    })

    const request = (method: string, path: string, body?: unknown): Promise<{ status: number; json: never }> =>
      new Promise((resolve, reject) => {
        const socketPath = engine.host.replace('unix://', '')
        const headers = { 'content-type': 'application/json' }
        const sent = http.request({ socketPath, method, path, headers, agent: false }, async response => {
          let text = ''
          for await (const chunk of response) text += String(chunk)
          resolve({ status: response.statusCode ?? 0, json: (text ? JSON.parse(text) : undefined) as never })
        })
        sent.once('error', reject)
        sent.end(body === undefined ? undefined : JSON.stringify(body))
      })
    const create = (Cmd: readonly string[], limits: HostConfig) =>
      request('POST', '/containers/create', { Image: engine.image, Cmd, HostConfig: limits })
    const running = async (command: readonly string[], limits: HostConfig): Promise<string> => {
      const { Id } = (await create(command, limits)).json as { Id: string }
      assert.equal((await request('POST', `/containers/${Id}/start`)).status, 204)
      return Id
    }
    const remove = (id: string) => request('DELETE', `/containers/${id}?force=1`)
    const inspect = async (id: string) => (await request('GET', `/containers/${id}/json`)).json as ContainerInspect

    test('what cannot be is refused when it is asked for', async () => {
      for (const [limits, expected] of refused) {
        const { status, json } = await create(['true'], limits)
        if (status === 201) await remove((json as { Id: string }).Id)
        const { message } = json as { message: string }
        assert.equal(status, 400, JSON.stringify(limits))
        if (typeof expected === 'string') assert.equal(message, expected)
        else assert.match(message, expected)
      }
    })

    test('limits of a running container change, and those that contradict others do not', async () => {
      const id = await running(['sleep', '100'], { Memory: 64 * megabyte })
      for (const [limits, { refusal, shows }] of updates) {
        const what = JSON.stringify(limits)
        const { status, json } = await request('POST', `/containers/${id}/update`, limits)
        if (refusal !== undefined) {
          assert.ok(status === 400 || status === 409, `${what}: ${status}`)
          assert.match((json as { message: string }).message, refusal)
          continue
        }
        assert.equal(status, 200, `${what}: ${JSON.stringify(json)}`)
        assert.deepEqual(json, { Warnings: null }, what)
        const { HostConfig } = await inspect(id)
        const shown = Object.keys(shows ?? {}).map(key => [key, HostConfig[key as keyof HostConfig]])
        assert.deepEqual(Object.fromEntries(shown), shows, what)
      }
      // The kernel has them too, though it was started without a cpuset.
      const { State } = await inspect(id)
      assert.match(readFileSync(`/proc/${State.Pid}/status`, 'utf8'), /^Cpus_allowed_list:\t0$/m)
      await remove(id)
    })

    test('a parent without a slash lies at the root of the hierarchy', async () => {
      const parent = `limits-${process.pid}`
      const id = await running(['sleep', '100'], { CgroupParent: parent })
      const { State } = await inspect(id)
      assert.ok(readFileSync(`/proc/${State.Pid}/cgroup`, 'utf8').includes(`:/${parent}/${id}\n`))
      await remove(id)
      removeParents(parent)
    })

    test('a sample has the members of every controller', async () => {
      const id = await running(['sleep', '100'], { Memory: 32 * megabyte, PidsLimit: 7, NanoCpus: 5e8 })
      const stats = (await request('GET', `/containers/${id}/stats?stream=0`)).json as ContainerStats
      assert.deepEqual(stats.pids_stats, { current: 1, limit: 7 })
      assert.equal(stats.memory_stats.limit, 32 * megabyte)
      assert.ok((stats.memory_stats.usage ?? 0) > 0)
      assert.equal(stats.memory_stats.failcnt, undefined)
      assert.ok(Object.keys(stats.memory_stats.stats ?? {}).length > 10)
      assert.ok(stats.cpu_stats.cpu_usage.total_usage > 0)
      assert.ok((stats.cpu_stats.system_cpu_usage ?? 0) > 0)
      assert.ok(Array.isArray(stats.blkio_stats.io_service_bytes_recursive))
      assert.deepEqual(Object.keys(stats.networks ?? {}), ['eth0'])
      if (hasPressure()) {
        const { cpu_stats, memory_stats, blkio_stats } = stats
        for (const { psi } of [cpu_stats, memory_stats, blkio_stats])
          for (const line of [psi?.some, psi?.full])
            assert.deepEqual(Object.keys(line ?? {}).sort(), ['avg10', 'avg300', 'avg60', 'total'])
        assert.ok((cpu_stats.psi?.some?.total ?? -1) >= 0)
      }
      await request('POST', `/containers/${id}/update`, { PidsLimit: -1 })
      const { pids_stats } = (await request('GET', `/containers/${id}/stats?stream=0`)).json as ContainerStats
      assert.deepEqual(pids_stats, { current: 1 })
      await remove(id)
    })
  })
}

/** The kernel keeps pressure stall information, and has groups to keep it for. */
function hasPressure(): boolean {
  const hasV2 = ['', 'unified'].some(folder => existsSync(`/sys/fs/cgroup/${folder}/cgroup.controllers`))
  return hasV2 && existsSync('/proc/pressure/cpu')
}

/** No engine removes a parent that it was given. */
function removeParents(name: string): void {
  for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const folder = `/sys/fs/cgroup/${hierarchy}/${name}`
    if (existsSync(folder)) rmdirSync(folder)
  }
}
