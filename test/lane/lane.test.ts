import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { build } from 'esbuild'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const lane = join(root, 'test/support/v2lane')
// Of the machine, not of the kernel's version: they take long and prove nothing more here.
const HOST_ONLY = ['test-faults', 'test-start-cost']

before(() => {
  const { status, error, stderr } = spawnSync(join(lane, 'setup'), { encoding: 'utf8', timeout: 300_000 })
  assert.equal(status, 0, `${error?.message ?? 'setup'}: ${stderr}`)
})

const folder = join(root, 'build/native/tests')
// What each controller does to a process: the table in README.md is made of these.
const CONTROLLERS = ['test-controllers', 'test-cgroup']

test('the C tests pass on pure cgroup v2', async () => {
  const built = spawnSync('make', ['-C', join(root, 'native'), '-s', 'tests'], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const programs = readdirSync(folder)
    .filter(name => /^test-[a-z-]+$/.test(name) && ![...HOST_ONLY, ...CONTROLLERS].includes(name))
    .map(name => join(folder, name))
  const env = { BERTH_NATIVE: join(root, 'dist/berth-native'), BERTH_TEST_BUILD: folder }
  await inLane(['sh', 'tests/run.sh', ...programs], env, join(root, 'native'))
})

test('the README says which controller was proven on which version of cgroups', async () => {
  const commands = CONTROLLERS.map(name => join(folder, name))
  const env = { BERTH_TEST_BUILD: folder }
  const here = commands.map(it => spawnSync(it, { encoding: 'utf8', env: { ...process.env, ...env } }).stdout).join('')
  const there = await inLane(['sh', '-c', commands.join('; ')], env)
  assert.doesNotMatch(here + there, /^not ok/m)
  assert.match(there, /^# cgroup v2$/m)
  // On a machine that has v2 itself there is nothing to say of v1.
  if (/^# cgroup v1$/m.test(here)) assertTable('| what | v1 | v2 |\n|---|---|---|\n', results(here), results(there))
})

test('berthd on pure cgroup v2', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-guest-'))
  try {
    const outfile = join(folder, 'guest.mjs')
    await build({
      entryPoints: [join(root, 'test/lane/guest/containers.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    })
    await inLane([process.execPath, '--test-reporter=tap', outfile], {})
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/**
 * The output of a command in the lane. A guest that came to no end (124) is tried once more: user-mode Linux was seen to hang,
 * while a command that hangs by itself hangs again.
 */
async function inLane(command: readonly string[], env: Readonly<Record<string, string>>, cwd = root): Promise<string> {
  const first = await runLane(command, env, cwd)
  const { code, output } = first.code === 124 ? await runLane(command, env, cwd) : first
  assert.equal(code, 0, output)
  return output
}

async function runLane(command: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
  const child = spawn(join(lane, 'lane'), command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BERTH_ROOT: root, LANE_TIMEOUT: '150', NODE_TEST_CONTEXT: '', ...env },
    cwd,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code === 124) process.stdout.write(`lane: ended after its time; it had said:\n${output}\n`)
  return { code, output }
}

/** "yes", or why not, of each test in the output of TAP programs. */
function results(output: string): ReadonlyMap<string, string> {
  const lines = output.matchAll(/^ok \d+ - (\w+)(?: # SKIP (.*))?$/gm)
  return new Map(
    [...lines].map(([, name = '', why]) => [name.replaceAll('_', ' '), why === undefined ? 'yes' : `no: ${why}`]),
  )
}

function assertTable(head: string, v1: ReadonlyMap<string, string>, v2: ReadonlyMap<string, string>): void {
  const place = join(root, 'test/lane/README.md')
  const text = readFileSync(place, 'utf8')
  const [begin, end] = ['<!-- made by lane.test.ts -->\n', '<!-- end -->\n']
  const [before = '', rest = ''] = text.split(begin)
  const names = [...v1.keys()].filter(name => name !== 'nothing is left')
  const table = head + names.map(name => `| ${name} | ${v1.get(name)} | ${v2.get(name)} |\n`).join('')
  const wanted = `${before}${begin}${table}${end}${rest.split(end)[1] ?? ''}`
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(place, wanted)
  else assert.equal(text, wanted, 'run it again with UPDATE_GOLDEN=1')
}
