import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { makeAuthority, makeCertificate } from '../../support/certificates.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { freePort } from '../../support/free-port.ts'

describe('TCP with client certificates', () => {
  let folder: string
  let port: number
  let daemon: TestDaemon
  const at = (name: string): string => join(folder, name)

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'berth-tls-'))
    makeAuthority(folder)
    makeCertificate(folder, 'server', 'DNS:localhost,DNS:engine.example,IP:127.0.0.1')
    makeCertificate(folder, 'client', 'DNS:client')
    port = await freePort()
    const file = { tlsverify: true, tlscacert: at('ca.pem'), tlscert: at('server.pem'), tlskey: at('server-key.pem') }
    writeFileSync(at('daemon.json'), JSON.stringify(file))
    daemon = await TestDaemon.start(['--config-file', at('daemon.json'), '--host', `tcp://127.0.0.1:${port}`])
  })
  after(async () => {
    await daemon?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const ping = (options: https.RequestOptions): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: '127.0.0.1',
          port,
          path: '/_ping',
          ca: readFile('ca.pem'),
          servername: 'localhost',
          agent: false,
          ...options,
        },
        response => {
          response.resume()
          resolve(response.statusCode ?? 0)
        },
      )
      request.once('error', reject)
      request.end()
    })
  const readFile = (name: string): string => readFileSync(at(name), 'utf8')
  const identity = () => ({ cert: readFile('client.pem'), key: readFile('client-key.pem') })

  test('who has a certificate of the authority is let in', async () => {
    assert.equal(await ping(identity()), 200)
  })

  test('who has none, or one of another authority, does not get to send a request', async () => {
    await assert.rejects(ping({}))
    const other = join(folder, 'other')
    mkdirSync(other)
    makeAuthority(other)
    makeCertificate(other, 'client', 'DNS:client')
    await assert.rejects(ping({ cert: readFile('other/client.pem'), key: readFile('other/client-key.pem') }))
  })

  test('a Host that is none of the server’s names, and web pages, are refused', async () => {
    assert.equal(await ping({ ...identity(), headers: { Host: 'engine.example:1' } }), 200)
    assert.equal(await ping({ ...identity(), headers: { Host: 'rebound.example' } }), 403)
    assert.equal(await ping({ ...identity(), headers: { Origin: 'https://page.example' } }), 403)
  })

  test('berth finds the certificates as the docker command does', async () => {
    const home = at('certificates')
    mkdirSync(home)
    copyFileSync(at('ca.pem'), join(home, 'ca.pem'))
    copyFileSync(at('client.pem'), join(home, 'cert.pem'))
    copyFileSync(at('client-key.pem'), join(home, 'key.pem'))
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: home }
    const told = await BerthCli.at(daemon, folder, { ...env, BERTH_HOST: '' }).start(['info']).result
    assert.equal(told.code, 0, told.stderr)
    const without = await BerthCli.at(daemon, folder, { ...env, BERTH_HOST: '', DOCKER_TLS_VERIFY: '' }).start(['info'])
      .result
    assert.notEqual(without.code, 0)
  })

  test('without client certificates berthd does not listen on TCP at all', async () => {
    await assert.rejects(TestDaemon.start(['--host', 'tcp://127.0.0.1:0']), /without TLS.*would be root/)
    await assert.rejects(TestDaemon.start(['--host', 'tcp://127.0.0.1:0', '--tls']), /--tls without --tlsverify/)
  })

  test('the UNIX socket is for root and its group', async () => {
    await using own = await TestDaemon.start(['--group', 'daemon'])
    const { mode, uid, gid } = statSync(own.socket)
    assert.deepEqual([mode & 0o7777, uid, gid], [0o660, 0, 1])
  })

  test('pages are refused on the UNIX socket too', async () => {
    await using own = await TestDaemon.start()
    const response = await own.open('GET', '/_ping', undefined, { Origin: 'http://localhost' })
    response.resume()
    assert.equal(response.statusCode, 403)
  })
})
