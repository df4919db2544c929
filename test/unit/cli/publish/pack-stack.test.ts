import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { packStack } from '../../../../cli/publish/pack-stack.ts'
import { findSecrets } from '../../../../cli/publish/secrets.ts'

function packed(files: Readonly<Record<string, string>>, withEnvironment = true) {
  const folder = mkdtempSync(join(tmpdir(), 'pack-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const environment = new Map([['STAGE', 'live']])
    return packStack([join(folder, 'compose.yaml')], { workingDir: folder, environment, withEnvironment }).map(
      ({ kind, name, content }) => ({ kind, name: name.replace(`${folder}/`, ''), text: content.toString() }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('references become names in the artifact, in every form; all else stays as it is written', () => {
  const [main, base, root, ...env] = packed({
    'compose.yaml': `# ours
services:
  flow: {image: a, extends: {file: "sub/base.yaml", service: base}, env_file: [one.env, {path: '\${STAGE}.env', required: false}]}
  block:
    env_file: one.env # the same
  alias: &other
    env_file: &files [one.env]
  same: {<<: *other, env_file: *files}
`,
    'sub/base.yaml': 'services:\n  base: {image: b, env_file: own.env, extends: {file: ../root.yaml, service: root}}\n',
    'root.yaml': 'services: {root: {image: c}}\n',
    'one.env': 'A=1\n',
    'live.env': 'B=1\n',
    'sub/own.env': 'C=1\n',
  })
  assert.ok(main && base && root)
  const names = main.text.match(/[0-9a-f]{64}\.(?:env|yaml)/g) ?? []
  assert.equal(names.length, 5)
  const [baseName, one, live] = names
  assert.equal(
    main.text,
    `# ours
services:
  flow: {image: a, extends: {file: ${baseName}, service: base}, env_file: [${one}, {path: ${live}, required: false}]}
  block:
    env_file: ${one} # the same
  alias: &other
    env_file: &files [${one}]
  same: {<<: *other, env_file: *files}
`,
  )
  assert.deepEqual([base.kind, base.name, root.kind], ['extended', baseName, 'extended'])
  assert.ok(base.text.includes(`file: ${root.name}`))
  const contents = Object.fromEntries(env.map(({ name, text }) => [name, text]))
  assert.deepEqual([contents[String(one)], contents[String(live)]], ['A=1\n', 'B=1\n'])
  assert.deepEqual(Object.values(contents).sort(), ['A=1\n', 'B=1\n', 'C=1\n'])
})

test('without --with-env no env file goes along, and a missing one is no mistake', () => {
  const file = { 'compose.yaml': 'services: {a: {image: a, env_file: [{path: none.env, required: false}]}}\n' }
  assert.deepEqual(
    packed(file, false).map(({ kind }) => kind),
    ['file'],
  )
  assert.deepEqual(
    packed(file, true).map(({ kind }) => kind),
    ['file'],
  )
})

test('an include of a file here is refused, one of an address goes along', () => {
  assert.throws(() => packed({ 'compose.yaml': 'include: [other.yaml]\n' }), /includes other.yaml/)
  assert.throws(() => packed({ 'compose.yaml': 'include: [{path: [oci://r/a, b.yaml]}]\n' }), /includes b.yaml/)
  assert.equal(packed({ 'compose.yaml': 'include: [oci://r.example/a:1, {path: "git@h:a.git"}]\n' }).length, 1)
})

test('what looks like a secret', () => {
  const text = [
    'DB_PASSWORD=hunter22',
    'DB_PASSWORD=${DB_PASSWORD}',
    'api_key: "abcdef123"',
    'URL=postgres://me:geheim@db/x',
    'URL=postgres://db/x',
    'K=AKIAABCDEFGHIJKLMNOP',
    '-----BEGIN EC PRIVATE KEY-----',
    'secrets: [a]',
  ].join('\n')
  assert.deepEqual(
    findSecrets(text).map(({ line }) => line),
    [1, 3, 4, 6, 7],
  )
})
