import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiEngine, onEngines } from '../../support/api-engine.ts'
import { demultiplex } from '../../support/daemon.ts'

const shell = (script: string): string[] => ['busybox', 'sh', '-c', script]

async function logs(engine: ApiEngine, id: string, query: string): Promise<string> {
  const response = await engine.open('GET', `/containers/${id}/logs?${query}`)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return demultiplex(Buffer.concat(chunks))
}

onEngines('logs', engine => {
  test('streams, tail, timestamps, details, since and until', async () => {
    const api = engine()
    const id = await api.create(
      'lines',
      shell('for i in 1 2 3; do echo out$i; echo err$i >&2; busybox usleep 20000; done'),
      {
        Labels: { kept: 'a b', other: '1' },
        Env: ['SHOWN=1', 'HIDDEN=2'],
        HostConfig: { LogConfig: { Type: 'json-file', Config: { labels: 'kept', env: 'SHOWN' } } },
      },
    )
    await api.finish(id)
    assert.equal(await logs(api, id, 'stdout=1'), 'out1\nout2\nout3\n')
    assert.equal(await logs(api, id, 'stderr=1&tail=1'), 'err3\n')
    assert.equal((await logs(api, id, 'stdout=1&stderr=1&tail=all')).length, 30)
    assert.equal(await logs(api, id, 'stdout=1&tail=nonsense'), 'out1\nout2\nout3\n')
    assert.equal(await logs(api, id, 'stdout=1&tail=0'), '')
    const stamped = (await logs(api, id, 'stdout=1&timestamps=1')).trimEnd().split('\n')
    assert.match(stamped[0] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z out1$/)
    const times = stamped.map(line => toUnix(line.split(' ')[0] ?? ''))
    assert.equal(await logs(api, id, `stdout=1&since=${times[1]}`), 'out2\nout3\n')
    assert.equal(await logs(api, id, `stdout=1&until=${times[1]}`), 'out1\nout2\n')
    assert.equal(await logs(api, id, 'stdout=1&details=1&tail=2'), 'SHOWN=1,kept=a+b out3\n')
    const none = await api.request('GET', `/containers/${id}/logs`)
    assert.deepEqual([none.status, none.message], [400, 'Bad parameters: you must choose at least one stream'])
  })

  test('drivers: none cannot be read, local can, others and wrong options are refused', async () => {
    const api = engine()
    const make = (name: string, LogConfig: object) =>
      api.request('POST', `/containers/create?name=${api.unique(name)}`, {
        Image: api.image,
        Cmd: shell('echo x'),
        HostConfig: { LogConfig },
      })
    const mute = (await make('none', { Type: 'none' })).json as { Id: string }
    await api.finish(mute.Id)
    const read = await api.request('GET', `/containers/${mute.Id}/logs?stdout=1`)
    assert.deepEqual([read.status, read.message], [501, 'configured logging driver does not support reading'])
    const local = (await make('local', { Type: 'local', Config: { 'max-size': '10m', compress: 'false' } })).json as {
      Id: string
    }
    await api.finish(local.Id)
    assert.equal(await logs(api, local.Id, 'stdout=1'), 'x\n')
    const answers = [
      await make('wrong', { Type: 'nope' }),
      await make('wrong', { Type: 'json-file', Config: { nope: '1' } }),
    ]
    assert.deepEqual(
      answers.map(({ status, message }) => `${status} ${message}`),
      [
        `400 error looking up logging plugin nope: plugin "nope" not found`,
        `400 unknown log opt 'nope' for json-file log driver`,
      ],
    )
  })

  test('details name the tag, and what the patterns of labels and variables mean', async () => {
    const api = engine()
    const Config = { tag: '{{.Name}}/{{.ID}}', 'labels-regex': '^a', env: 'C', 'env-regex': '^B' }
    const id = await api.create('tagged', shell('echo x'), {
      Labels: { ab: '3', other: '1' },
      Env: ['BB=2', 'C=1', 'D=1'],
      HostConfig: { LogConfig: { Type: 'json-file', Config } },
    })
    await api.finish(id)
    const tag = encodeURIComponent(`${api.unique('tagged')}/${id.slice(0, 12)}`)
    assert.equal(await logs(api, id, 'stdout=1&details=1'), `BB=2,C=1,ab=3,tag=${tag} x\n`)
  })

  test('local has no options for details; wrong patterns, templates and flags start nothing', async () => {
    const api = engine()
    const refusal = async (name: string, LogConfig: object): Promise<string> => {
      const body = { Image: api.image, Cmd: ['true'], HostConfig: { LogConfig } }
      const made = await api.request('POST', `/containers/create?name=${api.unique(name)}`, body)
      // dockerd finds most of it out at the start.
      if (made.status >= 400) return made.message
      return (await api.request('POST', `/containers/${api.unique(name)}/start`)).message
    }
    assert.equal(
      await refusal('labels', { Type: 'local', Config: { labels: 'a' } }),
      "unknown log opt 'labels' for log driver local",
    )
    const json = (Config: object): object => ({ Type: 'json-file', Config })
    for (const [name, Config, message] of [
      ['tag', { tag: '{{.Nope}}' }, /can't evaluate field Nope in type \*logger\.Info/],
      ['pattern', { 'labels-regex': '(' }, /error parsing regexp/],
      ['flag', { compress: 'maybe' }, /strconv\.ParseBool: parsing "maybe": invalid syntax/],
      ['one', { compress: 'true', 'max-size': '10' }, /compress cannot be true when max-file is less than 2/],
    ] as const)
      assert.match(await refusal(name, json(Config)), message)
  })

  test('every since and every until, with and without a tail', async () => {
    const api = engine()
    const lines = [...Array(6).keys()].map(line => `l${line}`)
    const id = await api.create('sweep', shell('for i in 0 1 2 3 4 5; do echo l$i; busybox usleep 20000; done'))
    await api.finish(id)
    const times = (await logs(api, id, 'stdout=1&timestamps=1'))
      .split('\n')
      .map(line => toUnix(line.split(' ')[0] ?? ''))
    const text = (some: readonly string[]): string => some.map(line => `${line}\n`).join('')
    for (const from of [0, 2, 5])
      for (const to of [0, 3, 5]) {
        const query = `stdout=1&since=${times[from]}&until=${times[to]}`
        assert.equal(await logs(api, id, query), text(lines.slice(from, to + 1)), query)
      }
    // The tail is taken first, and of it what the times leave.
    assert.equal(await logs(api, id, `stdout=1&tail=2&since=${times[1]}`), text(lines.slice(-2)))
    assert.equal(await logs(api, id, `stdout=1&tail=2&until=${times[4]}`), text(lines.slice(4, 5)))
    assert.equal(await logs(api, id, 'stdout=1&tail=-1'), text(lines))
    assert.equal(await logs(api, id, 'stdout=1&tail=100'), text(lines))
    assert.equal(await logs(api, id, `stdout=1&since=${Number(times[5]) + 100}`), '')
    assert.equal(await logs(api, id, 'stdout=1&until=1'), '')
    assert.equal(await logs(api, id, 'stdout=1&follow=1&since=1&tail=1'), 'l5\n')
  })

  test('sizes and counts that are none are refused', async () => {
    const api = engine()
    for (const [name, Config] of [
      ['size', { 'max-size': 'x' }],
      ['count', { 'max-file': '0' }],
    ] as const) {
      const body = { Image: api.image, Cmd: ['true'], HostConfig: { LogConfig: { Type: 'json-file', Config } } }
      const made = await api.request('POST', `/containers/create?name=${api.unique(name)}`, body)
      // dockerd says so at the start only.
      if (api.name === 'berthd') assert.equal(made.status, 400)
      else assert.ok((await api.request('POST', `/containers/${api.unique(name)}/start`)).status >= 400)
    }
  })

  test('lines longer than what is kept in one piece come back whole', async () => {
    const api = engine()
    const id = await api.create('long', shell('busybox head -c 100000 /dev/zero | busybox tr "\\0" x; echo'))
    await api.finish(id)
    assert.equal((await logs(api, id, 'stdout=1')).length, 100_001)
  })
})

onEngines('many lines', engine => {
  test('a million lines come back complete and in order', async () => {
    const api = engine()
    const count = api.name === 'berthd' ? 1_000_000 : 100_000
    const id = await api.create('million', shell(`busybox seq ${count}`))
    await api.finish(id)
    const response = await api.open('GET', `/containers/${id}/logs?stdout=1`)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const lines = demultiplex(Buffer.concat(chunks)).split('\n')
    assert.equal(lines.length, count + 1)
    assert.ok(lines.every((line, index) => index === count || line === String(index + 1)))
  })
})

function toUnix(time: string): string {
  const [whole = '', fraction = ''] = time.replace('Z', '').split('.')
  return `${Date.parse(`${whole}Z`) / 1000}.${fraction}`
}
