import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { demultiplex } from '../../support/daemon.ts'

onEngines('HostConfig', engine => {
  let api: ApiEngine
  let donor: string

  before(async () => {
    api = engine()
    donor = await api.run('donor', ['sh', '-c', 'echo shared >/dev/shm/note; exec busybox sleep 1000'], {
      HostConfig: { IpcMode: 'shareable', Binds: [`${api.unique('vol')}:/shared:ro`] },
    })
  })

  /** What a container with these settings writes. */
  async function output(hostConfig: object, script: string): Promise<string> {
    const Cmd = ['busybox', 'sh', '-c', `busybox mkdir /b; busybox --install -s /b; PATH=/b; ${script}`]
    const name = api.unique('run')
    const made = await api.call<{ Id: string }>('POST', `/containers/create?name=${name}`, {
      Image: api.image,
      Cmd,
      HostConfig: hostConfig,
    })
    try {
      await api.finish(made.Id)
      const response = await api.open('GET', `/containers/${made.Id}/logs?stdout=1&stderr=1`)
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      return demultiplex(Buffer.concat(chunks)).trim()
    } finally {
      await api.request('DELETE', `/containers/${made.Id}?force=1&v=1`)
    }
  }

  test('volumes of another container, with its access or another', async () => {
    const script = "grep shared /proc/mounts | cut -d' ' -f4 | cut -d, -f1"
    assert.equal(await output({ VolumesFrom: [donor] }, script), 'ro')
    assert.equal(await output({ VolumesFrom: [`${donor}:ro`] }, script), 'ro')
  })

  test('namespaces: the host’s, another container’s', async () => {
    assert.equal(await output({ PidMode: `container:${donor}` }, 'tr "\\0" " " </proc/1/cmdline'), 'busybox sleep 1000')
    assert.equal(await output({ PidMode: 'host' }, 'test -d /proc/2 && echo yes'), 'yes')
    assert.equal(
      await output({ IpcMode: `container:${donor}` }, 'cat /dev/shm/note; echo more >/dev/shm/answer'),
      'shared',
    )
    assert.equal(await output({ IpcMode: `container:${donor}` }, 'cat /dev/shm/answer'), 'more')
    assert.equal(await output({ IpcMode: 'none' }, 'grep -c /dev/shm /proc/mounts'), '0')
    assert.equal(await output({ UsernsMode: 'host' }, 'id -u'), '0')
    assert.equal((await output({ UTSMode: 'host' }, 'hostname')).length > 0, true)
  })

  test('groups, limits, kernel settings and what /proc hides', async () => {
    assert.equal(await output({ GroupAdd: ['7', '99'] }, 'id -G'), '0 7 99')
    assert.equal(
      await output({ Ulimits: [{ Name: 'nofile', Soft: 100, Hard: 200 }] }, 'ulimit -n; ulimit -Hn'),
      '100\n200',
    )
    assert.equal(await output({ OomScoreAdj: 500 }, 'cat /proc/self/oom_score_adj'), '500')
    assert.equal(await output({ Sysctls: { 'kernel.shmmax': '12345' } }, 'cat /proc/sys/kernel/shmmax'), '12345')
    assert.equal(await output({ MaskedPaths: ['/proc/version'] }, 'wc -c </proc/version'), '0')
    assert.match(await output({ MaskedPaths: [], ReadonlyPaths: [] }, 'head -c 5 /proc/version'), /^Linux/)
    assert.match(
      await output({ ReadonlyPaths: ['/proc/sys'] }, 'echo 1 >/proc/sys/kernel/domainname || echo no'),
      /^no$/m,
    )
  })

  test('tmpfs, shared memory, devices and an init process', async () => {
    const mounts = await output(
      { Tmpfs: { '/run': 'size=64k,mode=700', '/x': 'exec' }, ShmSize: 1_048_576 },
      "grep -E ' (/run|/x|/dev/shm) ' /proc/mounts | cut -d' ' -f2,4 | sort",
    )
    assert.equal(
      mounts,
      [
        '/dev/shm rw,nosuid,nodev,noexec,relatime,size=1024k',
        '/run rw,nosuid,nodev,noexec,relatime,size=64k,mode=700',
        '/x rw,nosuid,nodev,relatime',
      ].join('\n'),
    )
    const device = { PathOnHost: '/dev/null', PathInContainer: '/dev/nothing', CgroupPermissions: 'rw' }
    assert.equal(await output({ Devices: [device] }, 'echo x >/dev/nothing && test -c /dev/nothing && echo yes'), 'yes')
    assert.match(await output({ Init: true }, 'cat /proc/1/comm'), /init/)
    assert.match(await output({ ReadonlyRootfs: true, Tmpfs: { '/b': 'exec' } }, 'touch /x || echo no'), /no$/)
  })

  test('what cannot be is refused at create, in dockerd’s words', async () => {
    const cases: readonly (readonly [object, string])[] = [
      [{ IpcMode: 'x' }, 'invalid IPC mode: x'],
      [{ PidMode: 'x' }, 'invalid PID mode: x'],
      [{ UTSMode: 'x' }, 'invalid UTS mode: x'],
      [{ CgroupnsMode: 'x' }, 'invalid cgroup namespace mode: x'],
      [{ Isolation: 'hyperv' }, "invalid isolation (hyperv): linux only supports 'default'"],
      [{ Runtime: 'nope' }, 'unknown or invalid runtime name: nope'],
      [{ ShmSize: -1 }, 'SHM size can not be less than 0'],
      [{ Annotations: { '': 'x' } }, 'invalid Annotations: the empty string is not permitted as an annotation key'],
      [{ StorageOpt: { x: '1' } }, 'Unknown option x'],
      [
        { StorageOpt: { size: '1G' } },
        "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
      ],
      [{ VolumesFrom: [`${donor}:zz`] }, 'invalid mode: zz'],
      [{ VolumesFrom: ['nope-nope'] }, 'No such container: nope-nope'],
      [{ PidMode: 'container:nope-nope' }, 'No such container: nope-nope'],
      [{ OomScoreAdj: 5000 }, 'Invalid value 5000, range for oom score adj is [-1000, 1000]'],
      [
        { AutoRemove: true, RestartPolicy: { Name: 'always' } },
        "can't create 'AutoRemove' container with restart policy",
      ],
      [
        { Mounts: [{ Type: 'tmpfs', Source: '/tmp', Target: '/x' }] },
        'invalid mount config for type "tmpfs": field Source must not be specified',
      ],
      [{ Mounts: [{ Type: 'volume' }] }, 'invalid mount config for type "volume": field Target must not be empty'],
      [
        { Mounts: [{ Type: 'bind', Source: '/nope-nope', Target: '/x' }] },
        'invalid mount config for type "bind": bind source path does not exist: /nope-nope',
      ],
    ]
    for (const [HostConfig, text] of cases) {
      const body = { Image: api.image, Cmd: ['true'], HostConfig }
      const { status, message } = await api.request('POST', `/containers/create?name=${api.unique('refused')}`, body)
      assert.equal(message, text)
      assert.ok(status >= 400 && status <= 500, String(status))
    }
  })

  test('what is known only at the start', async () => {
    const start = async (name: string, HostConfig: object) => {
      const body = { Image: api.image, Cmd: ['true'], HostConfig }
      const made = await api.request('POST', `/containers/create?name=${api.unique(name)}`, body)
      if (made.status >= 400) return made.message
      return (await api.request('POST', `/containers/${api.unique(name)}/start`)).message
    }
    const closed = await api.run('closed', ['busybox', 'sleep', '1000'])
    assert.equal(
      await start('private', { IpcMode: `container:${closed}` }),
      `failed to join IPC namespace: container ${closed}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    )
    const down = await api.create('down', ['true'], { HostConfig: { IpcMode: 'shareable' } })
    assert.equal(
      await start('pid', { PidMode: `container:${down}` }),
      `failed to join PID namespace: container ${down} is not running`,
    )
    // dockerd asks the drivers at the start, Berth knows at create that there are none.
    assert.equal(
      await start('gpu', { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] }),
      'could not select device driver "" with capabilities: [[gpu]]',
    )
  })
})
