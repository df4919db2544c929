// Builds dist/: the command line, the daemon and the native program. `node .ci/build.mjs [--only cli,engine,native]`.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const onlyAt = process.argv.indexOf('--only')
const parts = onlyAt < 0 ? ['native', 'engine', 'cli'] : process.argv[onlyAt + 1].split(',')
mkdirSync(join(root, 'dist'), { recursive: true })

for (const part of parts) {
  if (part === 'native') buildNative()
  else if (part === 'engine') await buildEngine()
  else if (part === 'cli') await (await import('../cli/bundle.mjs')).buildCli(root)
  else fail(`unknown part "${part}": expected cli, engine or native`)
}

function buildNative() {
  const { status } = spawnSync('make', ['-C', join(root, 'native'), '-s', `-j${cpus().length}`], { stdio: 'inherit' })
  if (status !== 0) fail('native/ did not build. Its compiler and libraries are installed by `sudo .ci/setup`')
}

async function buildEngine() {
  const { build } = await import('esbuild')
  const outfile = join(root, 'dist', 'berthd.cjs')
  await build({
    entryPoints: [join(root, 'engine', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    sourcemap: 'linked',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  })
  chmodSync(outfile, 0o755)
}

function fail(message) {
  process.stderr.write(`build: ${message}\n`)
  process.exit(1)
}
