import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

onEngines('versions', engine => {
  test('ping, with and without a body, tells what the engine speaks', async () => {
    for (const [method, body] of [
      ['GET', 'OK'],
      ['HEAD', ''],
    ] as const) {
      const { status, headers, text } = await engine().request(method, '/_ping')
      assert.equal(status, 200)
      assert.equal(text, body)
      assert.equal(headers['api-version'], '1.51')
      assert.equal(headers['docker-experimental'], 'false')
      assert.equal(headers['ostype'], 'linux')
      assert.equal(headers['swarm'], 'inactive')
      assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate')
      assert.equal(headers['pragma'], 'no-cache')
      assert.match(headers['content-type'] ?? '', /^text\/plain/)
      assert.ok(headers['builder-version'] !== undefined)
    }
  })

  test('versions from the oldest to the newest are spoken, others refused by name', async () => {
    for (const version of ['1.24', '1.40', '1.43', '1.44', '1.45', '1.46', '1.47', '1.48', '1.49', '1.50', '1.51']) {
      assert.equal((await engine().request('GET', `/v${version}/containers/json`)).status, 200, version)
    }
    const old = await engine().request('GET', '/v1.23/version')
    assert.equal(old.status, 400)
    assert.match(old.text, /client version 1\.23 is too old\. Minimum supported API version is 1\.24, please upgrade/)
    const young = await engine().request('GET', '/v1.52/version')
    assert.deepEqual(
      [young.status, young.message],
      [400, 'client version 1.52 is too new. Maximum supported API version is 1.51'],
    )
  })

  test('what is not there is a page that was not found', async () => {
    for (const [method, path] of [
      ['GET', '/nope'],
      ['GET', '/v1.51/nope'],
      ['GET', '/vx/version'],
      ['POST', '/version'],
      ['DELETE', '/info'],
    ] as const) {
      const answer = await engine().request(method, path)
      assert.deepEqual([answer.status, answer.json], [404, { message: 'page not found' }], `${method} ${path}`)
    }
  })

  test('version and info have every member that dockerd gives', async () => {
    const version = await engine().call<Record<string, unknown>>('GET', '/version')
    for (const name of [
      'Platform',
      'Components',
      'Version',
      'ApiVersion',
      'MinAPIVersion',
      'GitCommit',
      'GoVersion',
    ].concat(['Os', 'Arch', 'KernelVersion', 'BuildTime']))
      assert.ok(name in version, name)
    const info = await engine().call<Record<string, unknown>>('GET', '/info')
    for (const name of infoMembers) assert.ok(name in info, name)
    assert.equal(info['OSType'], 'linux')
    assert.equal((info['Swarm'] as { LocalNodeState: string }).LocalNodeState, 'inactive')
  })

  test('disk usage, whole and by part', async () => {
    const api = engine()
    const volume = api.unique('df')
    await api.call('POST', '/volumes/create', { Name: volume })
    const id = await api.create('df', ['true'])
    const all = await api.call<Record<string, unknown[]>>('GET', '/system/df')
    assert.deepEqual(
      ['LayersSize', 'Images', 'Containers', 'Volumes', 'BuildCache'].filter(name => !(name in all)),
      [],
    )
    const container = (all['Containers'] as { Id: string; SizeRootFs?: number }[]).find(({ Id }) => Id === id)
    assert.ok((container?.SizeRootFs ?? 0) > 1_000_000)
    const some = await api.call<Record<string, { Name: string }[] | null>>('GET', '/system/df?type=volume')
    assert.ok(some['Volumes']?.some(({ Name }) => Name === volume))
    assert.ok((some['Containers'] ?? []).length === 0 && (some['Images'] ?? []).length === 0)
    const wrong = await api.request('GET', '/system/df?type=nope')
    assert.deepEqual([wrong.status, wrong.message], [400, 'unknown object type: nope'])
  })
})

const infoMembers = [
  'ID',
  'Containers',
  'ContainersRunning',
  'ContainersPaused',
  'ContainersStopped',
  'Images',
  'Driver',
]
  .concat(['DriverStatus', 'DockerRootDir', 'Plugins', 'MemoryLimit', 'SwapLimit', 'CpuCfsPeriod', 'CpuCfsQuota'])
  .concat(['CPUShares', 'CPUSet', 'PidsLimit', 'OomKillDisable', 'IPv4Forwarding', 'Debug', 'NFd', 'NGoroutines'])
  .concat(['SystemTime', 'LoggingDriver', 'CgroupDriver', 'CgroupVersion', 'NEventsListener', 'KernelVersion'])
  .concat(['OperatingSystem', 'OSVersion', 'OSType', 'Architecture', 'NCPU', 'MemTotal', 'IndexServerAddress'])
  .concat(['RegistryConfig', 'GenericResources', 'HttpProxy', 'HttpsProxy', 'NoProxy', 'Name', 'Labels'])
  .concat([
    'ExperimentalBuild',
    'ServerVersion',
    'Runtimes',
    'DefaultRuntime',
    'Swarm',
    'LiveRestoreEnabled',
    'Isolation',
  ])
  .concat(['InitBinary', 'ContainerdCommit', 'RuncCommit', 'InitCommit', 'SecurityOptions', 'Warnings'])
