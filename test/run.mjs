// Runs test suites: `node test/run.mjs SUITE... [-- PATTERN...]`. A suite is a folder of test/; `all` is everything a machine without Docker can prove.
// All files of a suite (whose path contains a PATTERN, if any is given) are bundled by esbuild and run in one process by node:test.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const everything = ['unit', 'golden', 'native', 'api', 'scenarios', 'conformance', 'fault', 'lane']
// These count the machine's links and rules before and after, and so must not see those of anything else that runs.
const ownNetwork = ['scenarios', 'fault']
const inOwnNetwork = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
/** A suite that hangs is ended and has failed; the slowest takes a fifth of this. */
const suiteTimeoutMs = 10 * 60_000
const dashes = process.argv.indexOf('--')
const named = process.argv.slice(2, dashes < 0 ? undefined : dashes)
const patterns = dashes < 0 ? [] : process.argv.slice(dashes + 1)
const suites = named.includes('all') ? everything : named
if (suites.length === 0) {
  process.stderr.write(`usage: node test/run.mjs all|${everything.join('|')}... [-- PATTERN...]\n`)
  process.exit(2)
}

let failed = false
for (const suite of suites) {
  process.stdout.write(`\n== ${suite}\n`)
  if (!(suite === 'native' ? runNative() : await runSuite(suite))) failed = true
}
process.exit(failed ? 1 : 0)

function runNative() {
  return spawnSync('make', ['-C', join(root, 'native'), '-s', 'test'], { stdio: 'inherit' }).status === 0
}

/** Bundles and runs one suite; true when every test passed. */
async function runSuite(suite) {
  const files = testFiles(join(root, 'test', suite)).filter(file => patterns.every(p => file.includes(p)))
  if (files.length === 0) return true
  const outdir = join(root, 'build', 'test', suite)
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  const entry = join(outdir, 'entry.ts')
  writeFileSync(
    entry,
    files.map(file => `import ${JSON.stringify(relative(outdir, file).split(sep).join('/'))}\n`).join(''),
  )
  await build({
    entryPoints: [entry],
    outfile: join(outdir, 'entry.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'test')) },
    logLevel: 'warning',
  })
  const argv = ['--enable-source-maps', '--test-reporter=spec', join(outdir, 'entry.mjs')]
  const env = { ...process.env, BERTH_ROOT: root }
  const [program, ...rest] = ownNetwork.includes(suite) ? [...inOwnNetwork, process.execPath] : [process.execPath]
  const options = { stdio: 'inherit', env, cwd: root, timeout: suiteTimeoutMs, killSignal: 'SIGKILL' }
  const { status, error } = spawnSync(program, [...rest, ...argv], options)
  if (error) process.stdout.write(`${suite}: ${error.message}\n`)
  return status === 0
}

function testFiles(folder) {
  let entries = []
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
  return entries
    .flatMap(entry => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : testFiles(path)
      return entry.name.endsWith('.test.ts') ? [path] : []
    })
    .sort()
}
