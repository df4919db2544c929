import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { supportOf, supportTable } from '../../cli/load/support.ts'
import { knownKeys } from '../../cli/load/validate/known-keys.ts'

// The README of schemas/stack has a table of every attribute and what becomes of it. It is made from the schema and the table of what has no
// effect, by this test: UPDATE_GOLDEN=1 writes it.
const readme = join(process.env['BERTH_ROOT'] ?? process.cwd(), 'schemas', 'stack', 'README.md')
const [begin, end] = ['<!-- attributes -->\n', '<!-- /attributes -->\n']

const places: readonly (readonly [string, readonly string[]])[] = [
  ['services.*', ['services', 'web']],
  ['services.*.deploy', ['services', 'web', 'deploy']],
  ['services.*.deploy.resources.limits', ['services', 'web', 'deploy', 'resources', 'limits']],
  ['services.*.deploy.resources.reservations', ['services', 'web', 'deploy', 'resources', 'reservations']],
  ['services.*.networks.*', ['services', 'web', 'networks', 'x']],
  ['services.*.healthcheck', ['services', 'web', 'healthcheck']],
  ['services.*.blkio_config', ['services', 'web', 'blkio_config']],
  ['networks.*', ['networks', 'x']],
  ['networks.*.ipam', ['networks', 'x', 'ipam']],
  ['volumes.*', ['volumes', 'x']],
  ['secrets.*', ['secrets', 'x']],
  ['configs.*', ['configs', 'x']],
  ['models.*', ['models', 'x']],
]

test('the table of attributes says what the loader does with each', () => {
  const text = readFileSync(readme, 'utf8')
  const [before = '', rest = ''] = text.split(begin)
  const [table, after] = rest.split(end)
  assert.notEqual(after, undefined, `${readme} needs the lines ${begin}${end}`)
  const expected = places.map(([place, path]) => rowsOf(place, path)).join('')
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(readme, `${before}${begin}${expected}${end}${after}`)
  else assert.equal(table, expected)
})

test('every line of the table of what has no effect is about an attribute that there is', () => {
  for (const path of Object.keys(supportTable)) {
    const keys = path.split('.')
    const name = keys.at(-1) ?? ''
    assert.ok(knownKeys(keys.slice(0, -1)).includes(name), path)
  }
})

function rowsOf(place: string, path: readonly string[]): string {
  const names = knownKeys(path)
  assert.ok(names.length > 0, `the schema has nothing at ${place}`)
  const of = (level: string) => names.filter(name => (supportOf(`${place}.${name}`)?.level ?? 'works') === level)
  const because = (level: 'warned' | 'refused') =>
    of(level).map(name => `* ${level}: \`${name}\`: ${supportOf(`${place}.${name}`)?.because}\n`)
  const works = of('works').map(name => `\`${name}\``)
  return [
    `\n**\`${place}\`**\n\n`,
    ...(works.length > 0 ? [`* works: ${works.join(' ')}\n`] : []),
    ...because('warned'),
    ...because('refused'),
  ].join('')
}
