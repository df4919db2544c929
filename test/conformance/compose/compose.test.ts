import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { runCommandLine } from '../../support/command-line.ts'

/**
 * What a stack file means, case by case. What is printed is what docker compose 2.40.3 prints, compared as a tree with texts at its leaves
 * (or as sorted lines); `differs` is the reason where ours is another answer. BERTH_PEER_COMPOSE=PROGRAM runs the cases with that one too.
 */
interface Case {
  readonly name: string
  readonly rule?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folder below the files where the command is called. */
  readonly cwd?: string
  readonly files: Readonly<Record<string, string>>
  /** `$DIR` and `$PARENT` stand for the folder of the files and the one above. */
  readonly prints?: string
  /** Exit code, 0 unless it says so. */
  readonly exit?: number
  readonly differs?: string
}

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const folder = join(import.meta.dirname, 'conformance', 'compose')
const peer = process.env.BERTH_PEER_COMPOSE

for (const file of readdirSync(folder).filter(name => name.endsWith('.yaml'))) {
  const cases = parse(readFileSync(join(folder, file), 'utf8')) as readonly Case[]
  for (const each of cases) {
    test(`compose ${file.slice(0, -'.yaml'.length)} ${each.name}`, () =>
      inFolder(each, async (cwd, env) => {
        check(each, await runCommandLine(argumentsOf(each), { cwd, env }), cwd)
        if (peer !== undefined && each.differs === undefined) check(each, askPeer(peer, each, cwd, env), cwd)
      }))
  }
}

const argumentsOf = ({ args }: Case): readonly string[] => args ?? ['config', '--format', 'json']

function check(
  { name, cwd: below = '.', prints, exit = 0 }: Case,
  { code, stdout, stderr }: Answer,
  cwd: string,
): void {
  assert.equal(code, exit, `exit code of ${name}: ${stderr}`)
  if (prints === undefined) return
  const root = below === '.' ? cwd : cwd.slice(0, -below.length - 1)
  const printed = stdout.replaceAll(root, '$DIR').replaceAll(dirname(root), '$PARENT')
  assert.deepEqual(meaning(printed), meaning(prints))
}

/** A tree of texts, or lines in order. Keys of `ssh` come in any order from Compose; variables of the caller are not the case's. */
function meaning(text: string): unknown {
  try {
    const tree: unknown = parse(text, { schema: 'failsafe', uniqueKeys: false })
    if (typeof tree === 'object' && tree !== null) return withSortedKeys(tree)
  } catch {}
  return text
    .split('\n')
    .filter(line => !/^(?:DOCKER_CONFIG|PATH|HOME|PWD)=/.test(line))
    .sort()
}

function withSortedKeys(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map(each => withSortedKeys(each))
    return key === 'ssh' ? items.sort() : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withSortedKeys(each, name)]))
}

async function inFolder(
  { name, files, env = {}, cwd = '.' }: Case,
  use: (cwd: string, env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'berth-compose-')))
  // Where nothing else names the project, the folder does.
  const root = join(above, name)
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      if (path.endsWith('/')) mkdirSync(join(root, path), { recursive: true })
      else writeFileSync(join(root, path), content)
    }
    mkdirSync(join(root, cwd), { recursive: true })
    await use(join(root, cwd), { PATH: process.env.PATH ?? '', HOME: '/root', ...env })
  } finally {
    rmSync(above, { recursive: true, force: true })
  }
}

function askPeer(program: string, each: Case, cwd: string, env: Readonly<Record<string, string>>): Answer {
  const { status, stdout, stderr } = spawnSync(program, argumentsOf(each), { cwd, env: { ...env }, encoding: 'utf8' })
  return { code: status ?? -1, stdout, stderr }
}
