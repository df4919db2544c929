import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ApiEngine } from '../../support/api-engine.ts'
import { type BuildAnswer, build, type TarItems } from '../../support/build.ts'
import { listTar } from '../../support/build-corpus.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { busyboxLayer, dockerArchive } from '../../support/image-archive.ts'
import { type TarItem, tar, tarItem } from '../../support/tar-writer.ts'

/**
 * Dockerfiles and contexts that want out, lie or never end. Each is refused with words that name it, or contained: then the image has what is told, and
 * in no case a file from outside. A "victim" folder beside the daemon stays as it is, and nothing of a build stays behind.
 */
interface Case {
  readonly dockerfile?: string
  readonly files?: TarItems
  readonly query?: Readonly<Record<string, string>>
  readonly extension?: object
  /** What the error says. */
  readonly refused?: RegExp
  /** Lines that the image's tree has. */
  readonly has?: readonly RegExp[]
}

const secret = 'the-victim-is-not-to-be-read'
const VICTIM = '{VICTIM}'
const link = (name: string, target: string): TarItem => ({ name, flag: '2', link: target })
const extension = { contexts: { x: { folder: 'contexts/x' } } }

const cases: Readonly<Record<string, Case>> = {
  'a link of the context to a file outside': {
    files: [link('l', `${VICTIM}/file`)],
    dockerfile: 'COPY l /l',
    refused: /not found/,
  },
  'a relative link out': {
    files: [link('l', `../../../../../../..${VICTIM}/file`)],
    dockerfile: 'COPY l /l',
    refused: /not found/,
  },
  'a linked folder': { files: [link('l', VICTIM)], dockerfile: 'COPY l/file /l', refused: /not found/ },
  'two dots in a source': { dockerfile: `COPY ../../../../../../..${VICTIM}/file /l`, refused: /not found/ },
  'wildcards through a linked folder': { files: [link('l', VICTIM)], dockerfile: 'COPY l/* /l/', refused: /not found/ },
  'a link in a stage': {
    dockerfile: `RUN busybox ln -s ${VICTIM}/file /l\nFROM {BASE}\nCOPY --from=0 /l /l`,
    refused: /not found/,
  },
  'a destination behind a link': {
    files: [{ name: 'a', content: 'a' }],
    dockerfile: `RUN busybox ln -s ${VICTIM} /out\nCOPY a /out/file`,
    refused: /cannot overwrite/,
  },
  'a destination with two dots': {
    files: [{ name: 'a', content: 'a' }],
    dockerfile: `COPY a ../../../..${VICTIM}/file`,
    has: [/victim\/file" "a"/],
  },
  'WORKDIR behind a link': {
    dockerfile: `RUN busybox ln -s ${VICTIM} /out\nWORKDIR /out/new`,
    refused: /cannot overwrite/,
  },
  'ADD: names with two dots': {
    files: [{ name: 'x.tar', content: tar({ name: '../../file', content: 'x' }) }],
    dockerfile: 'ADD x.tar /d/',
    refused: /entry ".*file"/,
  },
  'ADD: a link, and a file through it': {
    files: [{ name: 'x.tar', content: tar(link('l', VICTIM), { name: 'l/file', content: 'x' }) }],
    dockerfile: 'ADD x.tar /d/',
  },
  'ADD: a hard link out': {
    files: [{ name: 'x.tar', content: tar({ name: 'h', flag: '1', link: `../../../..${VICTIM}/file` }) }],
    dockerfile: 'ADD x.tar /d/',
    refused: /hard link/,
  },
  'ADD: an archive that is cut off': {
    files: [{ name: 'x.tar', content: tar({ name: 'a', content: 'x'.repeat(5000) }).subarray(0, 2000) }],
    dockerfile: 'ADD x.tar /d/',
    refused: /archive|truncated/i,
  },
  'ADD: a size beyond everything': {
    files: [{ name: 'x.tar', content: tarItem({ name: 'a', size: 0o77777777777 }) }],
    dockerfile: 'ADD x.tar /d/',
    refused: /archive|truncated|limit/i,
  },
  'ADD: overlayfs’ own attributes': {
    files: [
      { name: 'x.tar', content: tar({ name: 'd', flag: '5', pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y' } }) },
    ],
    dockerfile: 'ADD x.tar /d/',
    refused: /overlayfs/,
  },
  'context: an absolute name': { files: [{ name: `${VICTIM}/new`, content: 'x' }], dockerfile: 'COPY . /c/' },
  'context: two dots': { files: [{ name: '../../new', content: 'x' }], refused: /entry ".*new"/ },
  'context: two dots by pax': {
    files: [{ name: 'x', content: 'x', pax: { path: '../../new' } }],
    refused: /entry ".*new"/,
  },
  'context: a link, and a file through it': {
    files: [link('l', VICTIM), { name: 'l/file', content: 'x' }],
    dockerfile: 'COPY . /c/',
  },
  'context: devices': {
    files: [
      { name: 'sda', flag: '4', major: 8 },
      { name: 'mem', flag: '3', major: 1, minor: 1 },
    ],
    dockerfile: 'COPY sda mem /d/',
  },
  'context: a pipe as source': { files: [{ name: 'p', flag: '6' }], dockerfile: 'COPY p /p\nADD p /q' },
  'the Dockerfile is a link': {
    files: [link('D', `${VICTIM}/file`)],
    query: { dockerfile: 'D' },
    refused: /Cannot locate specified Dockerfile/,
  },
  'the Dockerfile lies behind a link': {
    files: [link('d', VICTIM)],
    query: { dockerfile: 'd/file' },
    refused: /Cannot locate specified Dockerfile/,
  },
  'the Dockerfile is a pipe': {
    files: [{ name: 'D', flag: '6' }],
    query: { dockerfile: 'D' },
    refused: /Cannot locate specified Dockerfile/,
  },
  'the Dockerfile lies outside': {
    query: { dockerfile: `../../../../../..${VICTIM}/file` },
    refused: /Cannot locate specified Dockerfile/,
  },
  'the Dockerfile is too long': { dockerfile: `# ${'x'.repeat(17 << 20)}`, refused: /Cannot locate|longer than/ },
  '.dockerignore is a link': {
    files: [link('.dockerignore', `${VICTIM}/file`), { name: 'a', content: 'a' }],
    dockerfile: 'COPY a /a',
    has: [/"\/a" "a"/],
  },
  'named contexts are a link': {
    files: [link('.berth-contexts', VICTIM)],
    extension,
    dockerfile: 'COPY --from=x /file /l',
    refused: /./,
  },
  'a named context is a link': {
    files: [{ name: '.berth-contexts', flag: '5' }, link('.berth-contexts/x', VICTIM)],
    extension,
    dockerfile: 'COPY --from=x /file /l',
    refused: /additional context/,
  },
  'a named context is a file': {
    files: [
      { name: '.berth-contexts', flag: '5' },
      { name: '.berth-contexts/x', content: '' },
    ],
    extension,
    dockerfile: 'COPY --from=x / /l',
    refused: /additional context/,
  },
  'a named context with two dots': {
    extension: { contexts: { x: { folder: 'contexts/../../x' } } },
    refused: /contexts/,
  },
  'a bind mount of a link': {
    files: [link('l', VICTIM)],
    dockerfile: 'RUN --mount=source=l,target=/m busybox cat /m/file',
    refused: /not found/,
  },
  'a bind mount with two dots': {
    dockerfile: `RUN --mount=source=../../../..${VICTIM},target=/m busybox cat /m/file`,
    refused: /not found/,
  },
  'a mount at a link': {
    dockerfile: `RUN busybox ln -s ${VICTIM} /m\nRUN --mount=type=tmpfs,target=/m/x echo x >/m/x/file`,
  },
  'a cache whose id has two dots': {
    dockerfile: `RUN --mount=type=cache,id=../../../..${VICTIM},target=/m echo x >/m/file`,
  },
  'a stage that needs itself': { dockerfile: 'FROM {BASE} AS me\nCOPY --from=me /a /b', refused: /not built before/ },
  'stages in a circle': {
    dockerfile: 'FROM {BASE} AS one\nCOPY --from=two / /x\nFROM one AS two',
    refused: /not built before/,
  },
  'a target that is not there': { query: { target: '7' }, refused: /could not be found/ },
  'variables that double': {
    dockerfile: `ENV A=${'x'.repeat(100)}\n${'ENV A=$A$A\n'.repeat(60)}`,
    refused: /longer than/,
  },
  'arguments that double': {
    dockerfile: `ARG A=${'x'.repeat(100)}\n${'ARG A=$A$A$A$A\n'.repeat(60)}RUN true`,
    refused: /longer than/,
  },
  'a pattern that takes for ever': {
    files: [{ name: 'a'.repeat(95), content: '' }],
    dockerfile: `COPY ${'*a'.repeat(30)}b /x/`,
    refused: /not found/,
  },
  'an exclusion that takes for ever': {
    files: [
      { name: 'f', flag: '5' },
      { name: `f/${'a'.repeat(90)}`, content: 'x' },
    ],
    dockerfile: `COPY --exclude=${'*a'.repeat(30)}b f /x/`,
    has: [/"\/x\/a+" "x"/],
  },
  'a substitution that takes for ever': {
    dockerfile: `ENV A=${'a'.repeat(2000)}\nENV B=\${A%${'*a'.repeat(30)}b}`,
    has: [],
  },
  'accounts behind a link': {
    dockerfile: `RUN busybox mkdir -p /etc && busybox ln -s ${VICTIM}/passwd /etc/passwd\nUSER evil\nRUN busybox id`,
    refused: /evil/,
  },
  'an owner behind a link': {
    files: [{ name: 'a', content: 'a' }],
    dockerfile: `RUN busybox mkdir -p /etc && busybox ln -s ${VICTIM}/passwd /etc/passwd\nCOPY --chown=evil a /a`,
    refused: /evil/,
  },
  'a user with slashes': { dockerfile: 'USER ../../root\nRUN true', refused: /root/ },
  'names that are no UTF-8': {
    files: [
      { name: 'd', flag: '5' },
      { name: Buffer.from('d/\xff', 'latin1'), content: 'ff' },
      { name: Buffer.from('d/\xfe', 'latin1'), content: 'fe' },
    ],
    dockerfile: 'COPY d /d/',
    has: [/"ff"/, /"fe"/],
  },
  'names with control characters': {
    files: [
      { name: 'd', flag: '5' },
      { name: 'd/\x01\n\x1b[31m', content: 'odd' },
    ],
    dockerfile: 'COPY d /d/',
    has: [/"odd"/],
  },
  'a context that is no archive': { files: [{ name: 'x', content: 'x', checksum: 1 }], refused: /archive|checksum/i },
  'here-documents without an end': { dockerfile: 'RUN <<EOF\necho', refused: /unterminated/ },
  'triggers of triggers': { dockerfile: 'ONBUILD ONBUILD RUN true', refused: /isn't allowed/ },
  'a repository that is an option': {
    dockerfile: 'ADD --upload-pack=touch${IFS}x.git /x',
    refused: /unknown flag|git/,
  },
  'a repository of this machine': { query: { remote: 'file:///etc' }, refused: /neither a git repository/ },
  'a repository by a program': { query: { remote: 'ext::sh -c touch% /x #.git' }, refused: /neither a git repository/ },
}

describe('hostile Dockerfiles and contexts', () => {
  let daemon: TestDaemon
  let api: ApiEngine
  let victim: string
  before(async () => {
    daemon = await TestDaemon.start()
    api = new ApiEngine('berthd', daemon.socket, async () => undefined)
    await api.call('POST', '/images/load', dockerArchive([busyboxLayer()], [api.image]))
    victim = join(daemon.folder, 'victim')
    mkdirSync(victim)
    writeFileSync(join(victim, 'file'), secret)
    writeFileSync(join(victim, 'passwd'), 'evil:x:7:7::/:/bin/sh\n')
  })
  after(() => daemon[Symbol.asyncDispose]())

  const filled = (value: TarItem['name']): TarItem['name'] =>
    Buffer.isBuffer(value) ? value : value.replaceAll(VICTIM, victim)

  for (const [title, { dockerfile = '', files = [], query = {}, extension: header, refused, has }] of Object.entries(
    cases,
  )) {
    test(title, async () => {
      const name = 'hostile:1'
      const steps = dockerfile.replaceAll(VICTIM, victim)
      const given = Object.fromEntries(
        Object.entries(query).map(([key, value]) => [key, value.replaceAll(VICTIM, victim)]),
      )
      const items = files.map(item => ({
        ...item,
        name: filled(item.name),
        ...(item.link === undefined ? {} : { link: filled(item.link) }),
      }))
      const answer: BuildAnswer = await build(api, steps.startsWith('FROM') ? steps : `FROM {BASE}\n${steps}`, {
        files: items,
        query: { t: name, networkmode: 'none', ...given },
        ...(header === undefined
          ? {}
          : { headers: { 'X-Berth-Build': Buffer.from(JSON.stringify(header)).toString('base64url') } }),
      })
      if (refused !== undefined) assert.match(answer.error, refused, answer.text)
      if (has !== undefined) assert.equal(answer.error, '', answer.text)
      assert.ok(!answer.text.includes(secret) && !answer.error.includes(secret))
      if (answer.id !== '') {
        const tree = await listTar(await api.open('GET', `/berth/v1/images/${name}/rootfs`))
        for (const pattern of has ?? [])
          assert.ok(
            tree.some(line => pattern.test(line)),
            `${pattern} is not in\n${tree.join('\n')}`,
          )
        assert.ok(!tree.some(line => line.includes(secret)))
        await api.request('DELETE', `/images/${name}?force=1`)
      }
      assert.deepEqual(readdirSync(victim).sort(), ['file', 'passwd'])
      assert.equal(readFileSync(join(victim, 'file'), 'utf8'), secret)
      await assertClean()
    })
  }

  async function assertClean(): Promise<void> {
    assert.deepEqual(await api.call('GET', '/containers/json?all=1'), [])
    for (const folder of [join(daemon.dataRoot, 'build'), join(daemon.runDir, 'build')])
      assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], [])
  }

  test('a secret is in no layer, no history, no record and no log', async () => {
    const value = 'S3cretValueThatMustNotStay'
    const headers = {
      'X-Berth-Build': Buffer.from(JSON.stringify({ secrets: { s: Buffer.from(value).toString('base64') } })).toString(
        'base64url',
      ),
    }
    const dockerfile = 'FROM {BASE}\nRUN --mount=type=secret,id=s busybox grep -q S3cret /run/secrets/s\n'
    const answer = await build(api, dockerfile, { query: { t: 'kept:1', networkmode: 'none' }, headers })
    assert.equal(answer.error, '', answer.text)
    assert.ok(!(await api.request('GET', '/images/kept:1/history')).text.includes(value))
    await daemon.stop()
    const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '')
    for (const text of [value, base64]) {
      const found = execFileSync('sh', ['-c', `grep -rlaF -e ${text} ${daemon.folder} || true`], { encoding: 'utf8' })
      assert.equal(found, '')
    }
    await daemon.launch()
  })

  test('a secret that is a variable is on no disk and in no answer while its step runs', async () => {
    const value = 'S3cretVariableThatIsNowhere'
    const secrets = { s: Buffer.from(value).toString('base64') }
    const header = Buffer.from(JSON.stringify({ secrets })).toString('base64url')
    const step = 'busybox test "$WORD" = S3cretVariable""ThatIsNowhere && echo begun; busybox sleep 1000'
    const request = await begin(`FROM {BASE}\nRUN --mount=type=secret,id=s,env=WORD ${step}\n`, {
      'X-Berth-Build': header,
    })
    const [running] = await api.call<{ Id: string }[]>('GET', '/containers/json?all=1')
    const { text } = await api.request('GET', `/containers/${running?.Id}/json`)
    assert.match(text, /S3cretVariable\\"\\"ThatIsNowhere/)
    assert.ok(!text.includes(value))
    assert.equal(
      execFileSync('sh', ['-c', `grep -rlaF -e ${value} ${daemon.dataRoot} || true`], { encoding: 'utf8' }),
      '',
    )
    request.destroy()
    await eventually('nothing is left', async () => assertClean().then(() => true))
  })

  const slow = 'FROM {BASE}\nRUN echo begun; busybox sleep 1000\n'
  async function begin(dockerfile = slow, headers: Record<string, string> = {}): Promise<http.ClientRequest> {
    const body = gzipSync(tar({ name: 'Dockerfile', content: dockerfile.replace('{BASE}', api.image) }))
    const request = http.request({
      socketPath: daemon.socket,
      method: 'POST',
      path: '/build?networkmode=none',
      headers,
      agent: false,
    })
    request.on('error', () => undefined)
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.on('error', () => undefined)
    // Not by iterating: leaving a loop over the response would close it, and with it the build.
    await new Promise<void>(resolve => {
      response.once('close', resolve)
      response.on('data', chunk => String(chunk).includes('begun\\n') && resolve())
    })
    return request
  }

  test('a client that goes away ends its build, and nothing stays', async () => {
    const request = await begin()
    request.destroy()
    await eventually('nothing is left', async () => assertClean().then(() => true))
  })

  test('a daemon that is killed during a build leaves nothing at its next start, and builds again', async () => {
    const request = await begin()
    await daemon.kill()
    request.destroy()
    await daemon.launch()
    await eventually('nothing is left', async () => assertClean().then(() => true))
    const answer = await build(api, 'FROM {BASE}\nRUN echo again\n', { query: { networkmode: 'none' } })
    assert.equal(answer.error, '', answer.text)
    assert.match(answer.text, /again/)
  })
})
