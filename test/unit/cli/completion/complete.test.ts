import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { complete } from '../../../../cli/completion/complete.ts'
import { completionScripts } from '../../../../cli/completion/scripts.ts'
import { runCommandLine } from '../../../support/command-line.ts'

const wordsFor = async (...words: readonly string[]) => (await complete(words)).words.map(({ word }) => word)

test('commands, members of groups, flags and choices', async () => {
  assert.deepEqual(await wordsFor('pa'), ['pause'])
  assert.ok((await wordsFor('')).includes('up'))
  assert.equal((await wordsFor('')).includes('__complete'), false)
  assert.deepEqual(await wordsFor('network', 'cr'), ['create'])
  assert.deepEqual(await wordsFor('up', '--force'), ['--force-recreate'])
  assert.deepEqual(await wordsFor('up', '--pull', 'mi'), ['missing'])
  assert.deepEqual(await wordsFor('--progress', 'q'), ['quiet'])
  assert.deepEqual(await wordsFor('--proj'), ['--project-name', '--project-directory'])
  assert.deepEqual(await wordsFor('daemon', 'sta'), ['start', 'status'])
  assert.deepEqual(await wordsFor('nonsense', ''), [])
})

test('what kind of name is wanted follows from the definitions', async () => {
  const kind = async (...words: readonly string[]) => (await complete(words)).kind
  assert.equal(await kind('logs', 'a', ''), 'service')
  assert.equal(await kind('-p', 'shop', 'exec', '-u', 'me', ''), 'service')
  assert.equal(await kind('exec', 'web', ''), undefined)
  assert.equal(await kind('container', 'stop', ''), 'container')
  assert.equal(await kind('network', 'connect', ''), 'network')
  assert.equal(await kind('network', 'connect', 'lan', ''), 'container')
  assert.equal(await kind('-f', ''), 'path')
  assert.equal(await kind('up', '--exit-code-from', ''), 'service')
  assert.deepEqual((await complete(['-f', 'x.yaml', 'up', ''])).globalWords, ['-f', 'x.yaml'])
})

test('services come from the stack file that the line names; a broken one gives none, and no error', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'complete-'))
  try {
    writeFileSync(join(cwd, 'a.yaml'), 'services: {web: {image: x}, worker: {image: x}, db: {image: x}}')
    writeFileSync(join(cwd, 'broken.yaml'), 'services: 1')
    const found = await runCommandLine(['__complete', '-f', 'a.yaml', 'logs', 'w'], { cwd })
    assert.deepEqual([found.code, found.stdout, found.stderr], [0, 'web\nworker\n', ''])
    const none = await runCommandLine(['__complete', '-f', 'broken.yaml', 'logs', ''], { cwd })
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, '', ''])
  } finally {
    rmSync(cwd, { recursive: true })
  }
})

test('the script of bash hands the words over and offers the answers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'complete-'))
  try {
    writeFileSync(
      join(folder, 'berth'),
      '#!/bin/sh\nshift\nprintf "%s|" "$@" > "$0.asked"\nprintf "web\\tthe web\\nworker\\n"\n',
    )
    chmodSync(join(folder, 'berth'), 0o755)
    const script = `${completionScripts.bash}\nCOMP_WORDS=(berth logs -f w); COMP_CWORD=3; _berth; printf '%s,' "\${COMPREPLY[@]}"; cat '${folder}/berth.asked'`
    const output = execFileSync('bash', ['--norc', '-c', script], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      encoding: 'utf8',
    })
    assert.equal(output, 'web,worker,logs|-f|w|')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('manual pages: one command, a group, all of them; roff has no stray requests', async () => {
  const page = await runCommandLine(['man', 'container', 'ls'])
  assert.match(page.stdout, /^\.TH BERTH\\-CONTAINER\\-LS 1/)
  assert.match(page.stdout, /\.B \\-a, \\-\\-all\nstopped containers too/)
  assert.match((await runCommandLine(['man', 'network'])).stdout, /\.SH COMMANDS\n\.TP\n\.B ls/)
  const folder = mkdtempSync(join(tmpdir(), 'man-'))
  try {
    const { stdout } = await runCommandLine(['man', '-o', folder])
    assert.match(stdout, /^\d\d+ pages in /)
    for (const line of page.stdout.split('\n')) assert.match(line, /^(?!['.](?!(TH|SH|TP|B)\b))/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('commands of Compose that are left out say why', async () => {
  const { code, stderr } = await runCommandLine(['bridge', 'convert', '-o', 'x'])
  assert.equal(code, 1)
  assert.match(stderr, /does not exist: it runs images of Docker/)
})
