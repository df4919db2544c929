import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

interface Inspected {
  readonly HostConfig: Readonly<Record<string, unknown>>
  readonly Config: Readonly<Record<string, unknown>>
  readonly Mounts: readonly { readonly Destination: string; readonly Mode: string; readonly Source: string }[]
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
}

/** Members that are the engine's own choice: a cgroup namespace and a runtime by another name. */
const own = ['CgroupnsMode', 'Runtime']

onEngines('inspect', engine => {
  const inspect = (id: string): Promise<Inspected> => engine().call('GET', `/containers/${id}/json`)

  test('what nobody set is there, with its default', async () => {
    const { HostConfig, Config } = await inspect(await engine().create('plain', ['sleep', '1']))
    const zeros = ['CpuShares', 'Memory', 'NanoCpus', 'BlkioWeight', 'CpuPeriod', 'CpuQuota', 'CpuRealtimePeriod']
      .concat(['CpuRealtimeRuntime', 'MemoryReservation', 'MemorySwap', 'CpuCount', 'CpuPercent', 'IOMaximumIOps'])
      .concat(['IOMaximumBandwidth', 'OomScoreAdj'])
    const nothings = ['Binds', 'PortBindings', 'VolumesFrom', 'CapAdd', 'CapDrop', 'Dns', 'DnsOptions', 'DnsSearch']
      .concat(['ExtraHosts', 'GroupAdd', 'Links', 'SecurityOpt', 'BlkioWeightDevice', 'BlkioDeviceReadBps'])
      .concat(['BlkioDeviceWriteBps', 'BlkioDeviceReadIOps', 'BlkioDeviceWriteIOps', 'Devices', 'DeviceCgroupRules'])
      .concat(['DeviceRequests', 'MemorySwappiness', 'PidsLimit', 'Ulimits'])
    const empty = ['ContainerIDFile', 'VolumeDriver', 'Cgroup', 'PidMode', 'UTSMode', 'UsernsMode', 'Isolation'].concat(
      ['CgroupParent', 'CpusetCpus', 'CpusetMems'],
    )
    const off = ['AutoRemove', 'Privileged', 'PublishAllPorts', 'ReadonlyRootfs', 'OomKillDisable']
    const {
      LogConfig,
      RestartPolicy,
      NetworkMode,
      ConsoleSize,
      IpcMode,
      ShmSize,
      MaskedPaths,
      ReadonlyPaths,
      ...rest
    } = HostConfig
    assert.deepEqual(
      Object.fromEntries(Object.entries(rest).filter(([name]) => !own.includes(name))),
      Object.fromEntries([
        ...zeros.map(name => [name, 0]),
        ...nothings.map(name => [name, null]),
        ...empty.map(name => [name, '']),
        ...off.map(name => [name, false]),
      ]),
    )
    assert.deepEqual(
      [LogConfig, RestartPolicy, NetworkMode, ConsoleSize, IpcMode, ShmSize],
      [{ Type: 'json-file', Config: {} }, { Name: 'no', MaximumRetryCount: 0 }, 'bridge', [0, 0], 'private', 67108864],
    )
    assert.equal((MaskedPaths as string[])[0], '/proc/asound')
    assert.equal((ReadonlyPaths as string[]).length, 5)
    assert.deepEqual([Config['Entrypoint'], Config['OnBuild'], Config['Volumes']], [null, null, null])
    assert.equal('ExposedPorts' in Config, false)
  })

  test('mounts are shown before the start too, each with the mode that was written', async () => {
    const name = engine().unique('data')
    const id = await engine().create('mounts', ['sleep', '1'], {
      Volumes: { '/own': {} },
      HostConfig: {
        Binds: ['/tmp:/bind', '/tmp:/bind-ro:ro', `${name}:/named`, `${name}:/named-rw:rw`, '/alone'],
        Mounts: [
          { Type: 'volume', Source: name, Target: '/mount', ReadOnly: true },
          { Type: 'tmpfs', Target: '/tmpfs' },
        ],
      },
    })
    const { Mounts } = await inspect(id)
    const modes = Object.fromEntries(
      Mounts.map(({ Destination, Mode, Source }) => [Destination, [Mode, Source !== '']]),
    )
    assert.deepEqual(modes, {
      '/bind': ['', true],
      '/bind-ro': ['ro', true],
      '/named': ['z', true],
      '/named-rw': ['rw', true],
      '/alone': ['z', true],
      '/mount': ['z', true],
      '/tmpfs': ['', false],
      '/own': ['', true],
    })
  })

  test('the default network gives no names', async () => {
    const id = await engine().run('network', ['busybox', 'sleep', '1000'])
    const bridge = (await inspect(id)).NetworkSettings.Networks['bridge'] ?? {}
    const names = ['IPAMConfig', 'Links', 'Aliases', 'DriverOpts', 'DNSNames']
    assert.deepEqual(
      Object.fromEntries(names.map(name => [name, bridge[name]])),
      Object.fromEntries(names.map(name => [name, null])),
    )
  })

  test('an image is mounted read-only, whole or a part of it', async () => {
    const mount = { Type: 'image', Source: engine().image, Target: '/image' }
    for (const [name, options, seen] of [
      ['whole', {}, /bin[\s\S]*Read-only file system/],
      ['part', { ImageOptions: { Subpath: 'bin' } }, /busybox[\s\S]*Read-only file system/],
    ] as const) {
      const id = await engine().create(name, ['sh', '-c', 'busybox ls /image; echo x > /image/x'], {
        HostConfig: { Mounts: [{ ...mount, ...options }] },
      })
      assert.notEqual(await engine().finish(id), 0)
      assert.match((await engine().request('GET', `/containers/${id}/logs?stdout=1&stderr=1`)).text, seen)
      const [shown] = (await inspect(id)).Mounts
      assert.deepEqual(
        { ...shown, Source: '' },
        {
          Type: 'image',
          Name: engine().image,
          Source: '',
          Destination: '/image',
          Mode: '',
          RW: false,
          Propagation: 'rprivate',
        },
      )
      await engine().request('DELETE', `/containers/${id}`)
    }
    const missing = await engine().create('no-part', ['true'], {
      HostConfig: { Mounts: [{ ...mount, ImageOptions: { Subpath: 'nowhere' } }] },
    })
    assert.match(
      (await engine().request('POST', `/containers/${missing}/start`)).message,
      /^cannot access path .*nowhere/,
    )
  })
})
