// The command line's part of the build: cli/main.ts -> dist/cli/*.js (chunks, one per lazily loaded part), their code caches, and dist/berth.cjs.
// esbuild splits only ES modules, and only CommonJS can be compiled from a code cache, so: split as ES modules first, then rewrite each chunk.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, transform } from 'esbuild'

const warmUps = [
  ['version'],
  ['--help'],
  ['plan', '--help'],
  ['-f', 'samples/hello/stack.yaml', 'config', '--format', 'json'],
  ['self-load'],
]

export async function buildCli(root) {
  const outdir = join(root, 'dist', 'cli')
  const { outputFiles } = await build({
    entryPoints: [join(root, 'cli', 'main.ts')],
    outdir,
    bundle: true,
    splitting: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    chunkNames: 'chunk-[hash]',
    logLevel: 'warning',
    plugins: [lazyChildProcess],
  })
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  for (const file of outputFiles) {
    // `charset: ascii` (the default) lets the loader read the chunks as latin1, which needs no decoding.
    const { code } = await transform(file.text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minify: true,
      supported: { 'dynamic-import': false },
    })
    writeFileSync(join(outdir, basename(file.path)), code)
  }
  const loader = join(root, 'dist', 'berth.cjs')
  copyFileSync(join(root, 'cli', 'loader.cjs'), loader)
  chmodSync(loader, 0o755)
  writeCodeCaches(root, loader)
}

/** commander loads node:child_process (5 ms of a start) for a feature that we do not use; here it is loaded when somebody asks it for something. */
const lazyChildProcess = {
  name: 'lazy-child-process',
  setup(builder) {
    builder.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('/commander/') ? { path: 'child_process', namespace: 'lazy' } : undefined,
    )
    builder.onLoad({ filter: /.*/, namespace: 'lazy' }, () => ({
      contents: "module.exports = { get spawn() { return require('node:child_process').spawn } }",
    }))
  },
}

/** Runs the fresh build on harmless commands; each run leaves the compiled code of what it used beside the chunks. */
function writeCodeCaches(root, loader) {
  for (const argv of warmUps) {
    const env = { ...process.env, BERTH_WRITE_CODE_CACHE: '1', NO_COLOR: '1' }
    spawnSync(process.execPath, [loader, ...argv], { cwd: root, env, stdio: 'ignore' })
  }
}
