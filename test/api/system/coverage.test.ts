import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestDaemon } from '../../support/daemon.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const begin = '<!-- made by test/api/system/coverage.test.ts -->\n'
const end = '<!-- end -->\n'

/** Group of a path in the table, by its first segment. */
const groups: Readonly<Record<string, string>> = {
  containers: 'Containers',
  commit: 'Images',
  exec: 'Exec',
  images: 'Images',
  build: 'Images',
  distribution: 'Images',
  networks: 'Networks',
  volumes: 'Volumes',
  auth: 'System',
  info: 'System',
  version: 'System',
  _ping: 'System',
  events: 'System',
  system: 'System',
}
const others = 'Swarm, plugins, sessions (as dockerd outside of a swarm, without any)'

/** Paths that answer without an end, or that would remove what a test is about: asked in a way that ends at once. */
const query: Readonly<Record<string, string>> = { '/events': '?until=1', '/containers/{id}/logs': '?stdout=1' }

test('the README says how much of the Engine API there is', async () => {
  await using daemon = await TestDaemon.start()
  const lines = readFileSync(join(root, 'test/api/system/reference-paths.txt'), 'utf8').trim().split('\n')
  const counts = new Map<string, { works: number; all: number; missing: string[] }>()
  for (const line of lines.filter(text => !text.startsWith('#'))) {
    const [method = '', path = ''] = line.split(' ')
    const group = groups[path.split('/')[1] ?? ''] ?? others
    const count = counts.get(group) ?? { works: 0, all: 0, missing: [] }
    counts.set(group, count)
    count.all++
    if (await works(daemon, method, path)) count.works++
    else count.missing.push(`\`${line}\``)
  }
  const rows = [...counts].map(
    ([group, { works: number, all, missing }]) => `| ${group} | ${number} / ${all} | ${missing.join(', ')} |`,
  )
  const table = ['| Engine API 1.51 | paths | not there |', '|---|---|---|', ...rows, ''].join('\n')
  const place = join(root, 'README.md')
  const text = readFileSync(place, 'utf8')
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(end, from)
  assert.ok(from >= begin.length && to > from, 'README.md has no place for the table')
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(place, text.slice(0, from) + table + text.slice(to))
  else assert.equal(text.slice(from, to), table, 'run it again with UPDATE_GOLDEN=1')
})

/** There is such a path and it does something: what it says of names that do not exist is that they do not. */
async function works(daemon: TestDaemon, method: string, path: string): Promise<boolean> {
  const asked = path.replaceAll(/\{\w+\}/g, 'no-such-thing') + (query[path] ?? '')
  const response = await daemon.open(method, asked)
  let text = ''
  for await (const chunk of response) text += String(chunk)
  if (response.statusCode === 501) return text.includes('has no plugins')
  return !(response.statusCode === 404 && text.includes('page not found'))
}
