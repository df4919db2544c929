import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { build } from 'esbuild'

const root = process.env['BERTH_ROOT'] ?? process.cwd()
const lane = join(root, 'test/support/v2lane')
// Of the machine, not of the kernel's version: they take long and prove nothing more here.
const HOST_ONLY = ['test-faults', 'test-start-cost']

before(() => {
  const { status, stderr } = spawnSync(join(lane, 'setup'), { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

test('the C tests pass on pure cgroup v2', async () => {
  const built = spawnSync('make', ['-C', join(root, 'native'), '-s', 'tests'], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const folder = join(root, 'build/native/tests')
  const programs = readdirSync(folder)
    .filter(name => /^test-[a-z-]+$/.test(name) && !HOST_ONLY.includes(name))
    .map(name => join(folder, name))
  const env = { BERTH_NATIVE: join(root, 'dist/berth-native'), BERTH_TEST_BUILD: folder }
  await inLane(['sh', 'tests/run.sh', ...programs], env, join(root, 'native'))
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

async function inLane(command: readonly string[], env: Readonly<Record<string, string>>, cwd = root): Promise<void> {
  const child = spawn(join(lane, 'lane'), command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BERTH_ROOT: root, LANE_TIMEOUT: '200', NODE_TEST_CONTEXT: '', ...env },
    cwd,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, output)
}
