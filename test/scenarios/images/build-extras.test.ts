import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { xz } from '../../support/compress.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { busyboxLayer, dockerArchive } from '../../support/image-archive.ts'
import { tar } from '../../support/tar-writer.ts'

describe('builds: what comes from elsewhere and where it goes', () => {
  let daemon: TestDaemon
  let folder: string
  before(async () => {
    daemon = await TestDaemon.start()
    folder = mkdtempSync(join(tmpdir(), 'berth-build-extras-'))
    writeFileSync(join(folder, 'base.tar'), dockerArchive([busyboxLayer()], ['base:1']))
    await berth('load', '-i', join(folder, 'base.tar'))
  })
  after(async () => {
    await daemon[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const berth = async (...args: readonly string[]) => {
    const result = await BerthCli.at(daemon, folder).run(args)
    return { ...result, text: result.stdout + result.stderr }
  }
  const must = async (...args: readonly string[]) => {
    const result = await berth(...args)
    assert.equal(result.code, 0, result.text)
    return result
  }
  const context = (name: string, files: Readonly<Record<string, string | Buffer>>): string => {
    const path = join(folder, name)
    mkdirSync(path, { recursive: true })
    for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
    return `./${name}`
  }

  test('--output: a folder, a tar, an archive that loads, an OCI layout; nothing stays in the store', async () => {
    const path = context('out', { Dockerfile: 'FROM scratch\nCOPY a /dir/a\n', a: 'content' })
    chmodSync(join(folder, 'out', 'a'), 0o750)
    await must('build', '-o', 'files', path)
    assert.equal(readFileSync(join(folder, 'files/dir/a'), 'utf8'), 'content')
    assert.equal(statSync(join(folder, 'files/dir/a')).mode & 0o777, 0o750)
    await must('build', '-o', 'type=tar,dest=tree.tar', path)
    assert.match(execFileSync('tar', ['-tf', join(folder, 'tree.tar')], { encoding: 'utf8' }), /^dir\/a$/m)
    const images = await daemon.call<readonly unknown[]>('GET', '/images/json?all=1')
    assert.equal(images.length, 1)
    await must(
      'build',
      '-t',
      'kept:1',
      '-o',
      'type=oci,dest=image.tar',
      '--metadata-file',
      'm.json',
      '--iidfile',
      'id',
      path,
    )
    const id = readFileSync(join(folder, 'id'), 'utf8')
    assert.equal(JSON.parse(readFileSync(join(folder, 'm.json'), 'utf8'))['containerimage.config.digest'], id)
    assert.equal((await daemon.request('DELETE', '/images/kept:1')).status, 200)
    await must('load', '-i', 'image.tar')
    assert.equal((await daemon.call<{ Id: string }>('GET', '/images/kept:1/json')).Id, id)
    await must('build', '-o', 'type=oci,tar=false,dest=layout', path)
    assert.ok(existsSync(join(folder, 'layout/oci-layout')))
    assert.equal((await berth('build', '-o', 'type=what,dest=x', path)).code, 1)
  })

  test('an ssh agent is there in RUN --mount=type=ssh alone, with the owner that was asked for', async () => {
    const socket = join(folder, 'agent.sock')
    const agent = createSocketServer(connection => connection.end('the agent\n')).listen(socket)
    await once(agent, 'listening')
    try {
      const path = context('ssh', {
        Dockerfile: [
          'FROM rootfs:/ AS host',
          `RUN --mount=type=ssh python3 -c 'import os,socket; s=socket.socket(socket.AF_UNIX); s.connect(os.environ["SSH_AUTH_SOCK"]); print(s.recv(99).decode(),end="")' >/run/said`,
          'FROM base:1',
          'COPY --from=host /run/said /said',
          'RUN --mount=type=ssh,uid=7,mode=0620 busybox stat -c "%u %a" $SSH_AUTH_SOCK >/owner',
          'RUN echo "[$SSH_AUTH_SOCK]" >/without; busybox ls /run >/left 2>&1 || true',
        ].join('\n'),
      })
      await must('build', '--ssh', `default=${socket}`, '-o', 'ssh-files', path)
      const read = (name: string): string => readFileSync(join(folder, 'ssh-files', name), 'utf8')
      assert.equal(read('owner'), '7 620\n')
      assert.equal(read('said'), 'the agent\n')
      assert.equal(read('without'), '[]\n')
      const required = context('ssh2', { Dockerfile: 'FROM base:1\nRUN --mount=type=ssh,required true\n' })
      assert.match((await berth('build', required)).text, /Dockerfile:2: RUN: the ssh agent default was not given/)
    } finally {
      agent.close()
    }
  })

  test('RUN --security=insecure has every right, when it is allowed', async () => {
    const path = context('insecure', {
      Dockerfile:
        'FROM base:1\nRUN --security=insecure busybox grep CapEff /proc/self/status >/caps\nRUN busybox grep CapEff /proc/self/status >/less\n',
    })
    assert.match((await berth('build', path)).text, /needs the entitlement security.insecure/)
    await must('build', '--allow', 'security.insecure', '-o', 'caps', path)
    const value = (name: string): bigint =>
      BigInt(
        `0x${readFileSync(join(folder, 'caps', name), 'utf8')
          .split('\t')[1]
          ?.trim()}`,
      )
    assert.ok(value('caps') > value('less'))
  })

  test('git repositories: as context and in ADD, by branch, commit and folder, from a git server', async t => {
    const repository = join(folder, 'repo')
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
        cwd: repository,
        encoding: 'utf8',
      }).trim()
    mkdirSync(join(repository, 'sub'), { recursive: true })
    git('init', '-q', '-b', 'main')
    writeFileSync(join(repository, 'Dockerfile'), 'FROM scratch\nCOPY . /all/\n')
    writeFileSync(join(repository, 'sub', 'Dockerfile'), 'FROM scratch\nCOPY sub.txt /\n')
    writeFileSync(join(repository, 'sub', 'sub.txt'), 'first')
    execFileSync('ln', ['-s', '/etc', join(repository, 'etc')])
    git('add', '-A')
    git('commit', '-qm', 'one')
    const first = git('rev-parse', 'HEAD')
    writeFileSync(join(repository, 'sub', 'sub.txt'), 'second')
    git('commit', '-qam', 'two')
    const port = await freePort()
    const server = spawn(
      'git',
      [
        'daemon',
        '--reuseaddr',
        '--export-all',
        '--listen=127.0.0.1',
        `--port=${port}`,
        `--base-path=${folder}`,
        folder,
      ],
      { detached: true, stdio: 'ignore' },
    )
    t.after(() => server.pid !== undefined && process.kill(-server.pid))
    const url = `git://127.0.0.1:${port}/repo`
    await eventually('the git server answers', () => execFileSync('git', ['ls-remote', url], { stdio: 'pipe' }))
    await must('build', '-o', 'g1', url)
    assert.equal(readFileSync(join(folder, 'g1/all/sub/sub.txt'), 'utf8'), 'second')
    assert.ok(!existsSync(join(folder, 'g1/all/.git')))
    await must('build', '-o', 'g2', `${url}#${first}:sub`)
    assert.equal(readFileSync(join(folder, 'g2/sub.txt'), 'utf8'), 'first')
    for (const bad of ['#main:etc', '#--upload-pack=x', '#no-such-branch', '#main:.git'])
      assert.equal((await berth('build', `${url}${bad}`)).code, 1, bad)
    const adding = context('adding', {
      Dockerfile: `FROM scratch\nADD --keep-git-dir ${url}#main /r/\nADD --checksum=${first} ${url}#${first} /s/\n`,
    })
    await must('build', '-o', 'g3', adding)
    assert.equal(readFileSync(join(folder, 'g3/s/sub/sub.txt'), 'utf8'), 'first')
    assert.ok(existsSync(join(folder, 'g3/r/.git/HEAD')))
    const wrong = context('wrong', { Dockerfile: `FROM scratch\nADD --checksum=${first} ${url}#main /s/\n` })
    assert.match((await berth('build', wrong)).text, /expected commit/)
  })

  test('a context from http: an archive, or a Dockerfile; ADD of an address with its checksum', async t => {
    const content = new Map<string, Buffer>([
      ['/c.tar.xz', xz(tar({ name: 'Dockerfile', content: 'FROM scratch\nCOPY x /x\n' }, { name: 'x', content: 'x' }))],
      ['/Dockerfile', Buffer.from('FROM base:1\nRUN echo hi >/hi\n')],
      ['/file', Buffer.from('file')],
    ])
    const server = createServer((request, response) => {
      const found = content.get(request.url ?? '')
      response.writeHead(found === undefined ? 404 : 200).end(found)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await must('build', '-o', 'h1', `${url}/c.tar.xz`)
    assert.equal(readFileSync(join(folder, 'h1/x'), 'utf8'), 'x')
    await must('build', '-o', 'h2', `${url}/Dockerfile`)
    assert.equal(readFileSync(join(folder, 'h2/hi'), 'utf8'), 'hi\n')
    assert.match((await berth('build', `${url}/none`)).text, /status 404/)
    const sum = '3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80'
    const good = context('sum', {
      Dockerfile: `FROM scratch\nADD --checksum=sha256:${sum} --chmod=u=rw,go=r ${url}/file /f\n`,
    })
    await must('build', '-o', 'h3', good)
    assert.equal(statSync(join(folder, 'h3/f')).mode & 0o777, 0o644)
    const bad = context('badsum', {
      Dockerfile: `FROM scratch\nADD --checksum=sha256:${sum.replace('3', '4')} ${url}/file /f\n`,
    })
    assert.match((await berth('build', bad)).text, /expected digest/)
  })

  test('a cache in a folder: another engine takes the steps over', async t => {
    const path = context('cached', {
      Dockerfile: 'FROM base:1\nRUN echo $$ >/pid; busybox date +%N >/when\nCOPY a /a\n',
      a: 'a',
    })
    await must('build', '--cache-to', 'type=local,dest=cache', '-t', 'c:1', path)
    const other = await TestDaemon.start()
    t.after(() => other[Symbol.asyncDispose]())
    const there = (...args: readonly string[]) => BerthCli.at(other, folder).run(args)
    await there('load', '-i', 'base.tar')
    const result = await there('build', '--cache-from', 'type=local,src=cache', '-o', 'c2', path)
    assert.equal(result.code, 0, result.stderr)
    assert.equal(result.stdout.match(/Using cache/g)?.length, 2, result.stdout)
    await must('build', '-o', 'c1', path)
    assert.equal(readFileSync(join(folder, 'c1/when'), 'utf8'), readFileSync(join(folder, 'c2/when'), 'utf8'))
    assert.match((await there('build', '--cache-from', 'localhost:1/none', path)).stdout, /\[Warning\] no cache from/)
  })

  test('SOURCE_DATE_EPOCH: made anew, the same image to the last byte; without it, another', async () => {
    const path = context('epoch', {
      Dockerfile: 'FROM base:1\nCOPY a /a\nRUN echo x > /made && busybox mkdir /dir\nWORKDIR /new/place\n',
      a: 'content',
    })
    const ids = async (...more: readonly string[]) => {
      const builds = []
      for (const file of ['one', 'two']) {
        await must('build', '--no-cache', '-t', 'epoch:1', '--metadata-file', `${file}.json`, ...more, path)
        builds.push(readFileSync(join(folder, `${file}.json`), 'utf8'))
      }
      return builds
    }
    const [one, two] = await ids('--build-arg', 'SOURCE_DATE_EPOCH=1000000000')
    assert.equal(one, two)
    const { Created } = await daemon.call<{ readonly Created: string }>('GET', '/images/epoch:1/json')
    assert.equal(new Date(Created).getTime(), 1_000_000_000_000)
    const [three, four] = await ids()
    assert.notEqual(three, four)
    await must('image', 'rm', '-f', 'epoch:1')
  })

  test('COPY --parents: with the folders above, from where `/./` says', async () => {
    const path = context('parents', {
      Dockerfile: 'FROM scratch\nCOPY --parents x/y/f x/./z/g /to/\nCOPY --parents --exclude=**/f x /all/\n',
    })
    for (const file of ['x/y/f', 'x/z/g']) {
      mkdirSync(join(folder, 'parents', file, '..'), { recursive: true })
      writeFileSync(join(folder, 'parents', file), file)
    }
    await must('build', '-o', 'type=tar,dest=parents.tar', path)
    const names = execFileSync('tar', ['-tf', join(folder, 'parents.tar')], { encoding: 'utf8' })
    assert.deepEqual(
      names
        .split('\n')
        .filter(name => /[fg]$/.test(name))
        .sort(),
      ['all/x/z/g', 'to/x/y/f', 'to/z/g'],
    )
  })

  test('another platform: copied, and not run', async () => {
    const path = context('foreign', {
      Dockerfile: 'FROM scratch AS files\nARG TARGETARCH\nCOPY a /$TARGETARCH\nFROM files\n',
      a: 'a',
    })
    await must('build', '--platform', 'linux/s390x', '-t', 'foreign:1', path)
    assert.equal((await daemon.call<{ Architecture: string }>('GET', '/images/foreign:1/json')).Architecture, 's390x')
    const running = context('foreign2', { Dockerfile: 'FROM foreign:1\nRUN ["/a"]\n' })
    assert.match(
      (await berth('build', running)).text,
      /Dockerfile:2: RUN: programs for s390x do not run on this machine/,
    )
  })
})
