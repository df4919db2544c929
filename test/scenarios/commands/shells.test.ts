import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const program = join(process.env['BERTH_ROOT'] ?? process.cwd(), 'dist', 'berth.cjs')
const has = (name: string): boolean => spawnSync('which', [name]).status === 0
const skipWithout = (name: string) => (has(name) ? {} : { skip: `there is no ${name} on this machine` })

// The shells themselves, as a person at their prompt has them.
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-shells-'))
  writeFileSync(join(folder, 'berth'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`)
  chmodSync(join(folder, 'berth'), 0o755)
  writeFileSync(join(folder, 'stack.yaml'), 'services: {webshop: {image: x}, database: {image: y}}\n')
})
after(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, ...args: readonly string[]) {
  const env = {
    PATH: `${folder}:${process.env['PATH']}`,
    HOME: folder,
    TERM: 'dumb',
    BERTH_STANDBY: '0',
    LC_ALL: 'C.UTF-8',
  }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

test('fish completes commands, flags and services', skipWithout('fish'), () => {
  const complete = (line: string): readonly string[] => {
    const { stdout, stderr } = run('fish', '-N', '-c', `berth completion fish | source; complete -C '${line}'`)
    assert.equal(stderr, '')
    return stdout
      .trim()
      .split('\n')
      .map(each => each.split('\t')[0] ?? '')
  }
  assert.deepEqual(complete('berth pau'), ['pause'])
  assert.deepEqual(complete('berth up --force'), ['--force-recreate'])
  assert.deepEqual(complete('berth logs web'), ['webshop'])
})

test('bash completes commands, flags and services', skipWithout('bash'), () => {
  const complete = (...words: readonly string[]): readonly string[] => {
    const line = words.map(word => JSON.stringify(word)).join(' ')
    const script = `
      source <(berth completion bash)
      COMP_WORDS=(berth ${line}); COMP_CWORD=${words.length}; COMP_LINE="berth ${words.join(' ')}"; COMP_POINT=\${#COMP_LINE}
      "$(complete -p berth | sed 's/.*-F \\([^ ]*\\).*/\\1/')" berth
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = run('bash', '--norc', '-c', script)
    assert.equal(stderr, '')
    return stdout
      .trim()
      .split('\n')
      .map(each => each.trim())
  }
  assert.deepEqual(complete('pau'), ['pause'])
  assert.deepEqual(complete('up', '--force'), ['--force-recreate'])
  assert.deepEqual(complete('logs', 'web'), ['webshop'])
})

test('zsh completes at its prompt', skipWithout('zsh'), () => {
  const typed = run('zsh', '-f', '-c', zshProbe, 'zsh', 'berth pau', 'berth up --force-rec', 'berth logs webs')
  for (const word of ['berth pause', 'berth up --force-recreate', 'berth logs webshop'])
    assert.ok(typed.stdout.includes(word), JSON.stringify(typed))
})

/** Types each argument and Tab at a prompt of an interactive zsh, and prints what is on its line then. */
const zshProbe = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; source <(berth completion zsh); show() { print -r -- "line<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^X" show; print re""ady'
zpty -r -m shell seen '*ready*'
for line in "$@"; do
  zpty -n -w shell "$line"$'\\t\\x18'
  zpty -r -m shell seen '*line<*>*'
  print -r -- "$seen"
done
zpty -d shell
`

test('every manual page is rendered without a warning', skipWithout('groff'), () => {
  const made = run('berth', 'man', '--output', join(folder, 'man'))
  assert.equal(made.status, 0, made.stderr)
  const pages = readdirSync(join(folder, 'man')).filter(name => name.endsWith('.1'))
  assert.ok(pages.length > 50, `${pages.length} pages`)
  // What "man -l --warnings" runs, for all at once.
  const { status, stderr } = run(
    'groff',
    '-K',
    'utf8',
    '-man',
    '-Tutf8',
    '-ww',
    '-z',
    ...pages.map(page => join(folder, 'man', page)),
  )
  assert.equal(stderr, '')
  assert.equal(status, 0)
})
