import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { onEngines } from '../../support/api-engine.ts'

onEngines('refusals', engine => {
  const names = { running: '', created: '', paused: '' }
  before(async () => {
    names.running = await engine().run('running', ['busybox', 'sleep', '1000'])
    names.created = await engine().create('created', ['busybox', 'sleep', '1000'])
    names.paused = await engine().run('paused', ['busybox', 'sleep', '1000'])
    await engine().call('POST', `/containers/${names.paused}/pause`)
  })

  test('what is wrong in itself is told before the container is looked for', async () => {
    for (const [method, path, message] of [
      ['GET', 'logs', 'Bad parameters: you must choose at least one stream'],
      ['POST', 'rename?name=', 'Neither old nor new names may be empty'],
      ['POST', 'kill?signal=BOGUS', 'cannot kill container: nobody: invalid signal: BOGUS'],
      ['POST', 'kill?signal=99', 'cannot kill container: nobody: the linux daemon does not support signal 99'],
      ['POST', 'start?checkpoint=x', 'checkpoint is only supported in experimental mode'],
    ] as const) {
      const answer = await engine().request(method, `/containers/nobody/${path}`)
      assert.deepEqual([answer.status, answer.message], [400, message], path)
    }
    const checkpoints = await engine().request('GET', '/containers/nobody/checkpoints')
    assert.equal(checkpoints.status, 501)
  })

  test('each state has its own refusals', async () => {
    const { running, created, paused } = names
    for (const [method, path, status, message] of [
      ['POST', `${created}/pause`, 409, `container ${created} is not running`],
      ['POST', `${paused}/pause`, 409, `Container ${paused} is already paused`],
      ['POST', `${created}/stop?signal=BOGUS`, 304, ''],
      [
        'DELETE',
        `${running}?force=0`,
        409,
        `cannot remove container "${running}": container is running: stop the container before removing or force remove`,
      ],
      [
        'POST',
        `${running}/rename?name=/`,
        400,
        'Error when allocating new name: Invalid container name (/), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
      ],
    ] as const) {
      const answer = await engine().request(method, `/containers/${path}`)
      assert.deepEqual([answer.status, answer.message], [status, message], path)
    }
  })

  test('a size for a container without a terminal is taken and means nothing', async () => {
    assert.equal((await engine().request('POST', `/containers/${names.running}/resize?h=10&w=20`)).status, 200)
    const range = await engine().request('POST', `/containers/${names.running}/resize?h=-1&w=20`)
    assert.deepEqual([range.status, range.message], [400, 'invalid resize height "-1": value out of range'])
  })

  test('a create that fails late leaves nothing behind: the list still works', async () => {
    const refused = await engine().request('POST', `/containers/create?name=${engine().unique('ghost')}`, {
      Image: engine().image,
      Cmd: ['sleep', '1'],
      NetworkingConfig: { EndpointsConfig: { bridge: { Aliases: ['x'] } } },
    })
    assert.deepEqual(
      [refused.status, refused.message],
      [
        400,
        'invalid config for network bridge: invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks',
      ],
    )
    const filters = encodeURIComponent(JSON.stringify({ name: [engine().unique('ghost')] }))
    assert.deepEqual(await engine().call('GET', `/containers/json?all=1&filters=${filters}`), [])
  })

  test('capabilities that no kernel has', async () => {
    for (const member of ['CapAdd', 'CapDrop']) {
      const answer = await engine().request('POST', '/containers/create', {
        Image: engine().image,
        Cmd: ['true'],
        HostConfig: { [member]: ['bogus'] },
      })
      assert.deepEqual([answer.status, answer.message], [400, `invalid ${member}: unknown capability: "CAP_BOGUS"`])
    }
  })

  test('mounts that cannot be', async () => {
    const bind = { Type: 'bind', Source: '/tmp', Target: '/a' }
    const volume = { Type: 'volume', Source: engine().unique('v'), Target: '/a' }
    for (const [mount, message] of [
      [{}, 'invalid mount config for type "": field Target must not be empty'],
      [{ Type: 'bogus', Target: '/a' }, 'invalid mount config for type "bogus": mount type unknown'],
      [
        { ...bind, Target: '/' },
        `invalid mount config for type "bind": invalid specification: destination can't be '/'`,
      ],
      [
        { ...bind, Source: 'x' },
        `invalid mount config for type "bind": invalid mount path: 'x' mount path must be absolute`,
      ],
      [{ ...bind, VolumeOptions: {} }, 'VolumeOptions must not be specified on mount type "bind"'],
      [
        { ...bind, BindOptions: { Propagation: 'bogus' } },
        'invalid mount config for type "bind": invalid propagation mode: bogus',
      ],
      [
        { ...volume, VolumeOptions: { Subpath: '../x' } },
        'invalid mount config for type "volume": subpath must be a relative path within the volume',
      ],
      [
        { Type: 'volume', Target: '/a', VolumeOptions: { Subpath: 'x' } },
        'invalid mount config for type "volume": must not set Subpath when using anonymous volumes',
      ],
      [{ Type: 'image', Target: '/a' }, 'invalid mount config for type "image": field Source must not be empty'],
      [
        { Type: 'tmpfs', Target: '/a', TmpfsOptions: { Options: [['bogus', 'x']] } },
        'invalid mount config for type "tmpfs": invalid option: bogus',
      ],
    ] as const) {
      const answer = await engine().request('POST', '/containers/create', {
        Image: engine().image,
        Cmd: ['true'],
        HostConfig: { Mounts: [mount] },
      })
      assert.deepEqual([answer.status, answer.message], [400, message], JSON.stringify(mount))
    }
  })
})
