import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayBeInsecure } from '../../../../engine/images/registry/endpoint.ts'
import { proxyFor } from '../../../../engine/images/registry/proxy.ts'
import { progressBar } from '../../../../engine/routes/progress-stream.ts'

test('NO_PROXY as Go reads it', () => {
  const cases: [no: string, url: string, isDirect: boolean][] = [
    ['', 'https://a.example/', false],
    ['*', 'https://a.example/', true],
    ['example', 'https://a.example/', true],
    ['a.example', 'https://a.example/', true],
    ['.example', 'https://a.example/', true],
    ['.a.example', 'https://a.example/', false],
    ['b.example,a.example:5000', 'https://a.example:5000/', true],
    ['a.example:5000', 'https://a.example/', false],
    ['10.0.0.0/8', 'https://10.1.2.3/', true],
    ['10.0.0.0/8', 'https://11.1.2.3/', false],
    ['10.1.2.3', 'https://10.1.2.3:5000/', true],
    ['fd00::/8', 'https://[fd00::1]:5000/', true],
    ['', 'https://localhost:5000/', true],
    ['', 'https://127.0.0.5/', true],
    ['', 'https://[::1]/', true],
  ]
  for (const [no, url, isDirect] of cases) {
    const proxy = proxyFor(new URL(url), { https: 'proxy.example:3128', no })
    assert.equal(proxy?.href, isDirect ? undefined : 'http://proxy.example:3128/', `${no} ${url}`)
  }
  assert.equal(proxyFor(new URL('http://a.example/'), { https: 'http://p/' }), undefined)
})

test('insecure registries: loopback, a host, a host with a port, a network', () => {
  const insecure = ['10.0.0.0/8', 'a.example:5000', 'b.example']
  const judge = (url: string) => mayBeInsecure(new URL(url), insecure)
  for (const url of ['https://127.0.0.1:5000', 'https://10.2.3.4', 'https://a.example:5000', 'https://b.example:1'])
    assert.equal(judge(url), true, url)
  for (const url of ['https://a.example', 'https://11.2.3.4', 'https://c.example']) assert.equal(judge(url), false, url)
})

test('progress as docker draws it', () => {
  assert.equal(progressBar(1_500_000, 3_000_000), `[${'='.repeat(25)}>${' '.repeat(25)}]    1.5MB/3MB`)
  assert.equal(progressBar(10, 0), '     10B')
})
