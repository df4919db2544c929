// The command line's part of the build: cli/main.ts -> dist/cli/*.js (chunks, one per lazily loaded part), their code caches, and dist/berth.cjs.
// esbuild splits only ES modules, and only CommonJS can be compiled from a code cache, so: split as ES modules first, then rewrite each chunk.
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, transform } from 'esbuild'
import { writeCodeCaches } from './warm-up.mjs'

export async function buildCli(root) {
  const outdir = join(root, 'dist', 'cli')
  const { outputFiles } = await build({
    entryPoints: [join(root, 'cli', 'main.ts'), join(root, 'cli', 'standby.ts')],
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
    plugins: [lazyBuiltinsPlugin],
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
    // Wrapped here and not by the loader, which then need not copy a quarter of a megabyte.
    writeFileSync(join(outdir, basename(file.path)), `(function(exports,require,module){${code}})`)
  }
  const loader = join(root, 'dist', 'berth.cjs')
  copyFileSync(join(root, 'cli', 'loader.cjs'), loader)
  chmodSync(loader, 0o755)
  await writeCodeCaches(loader)
}

/** Parts of Node that cost 1 to 7 ms to load and that most runs never use: their members are looked up when somebody uses one. */
const lazyBuiltins = [
  'node:child_process',
  'node:crypto',
  'node:fs/promises',
  'node:https',
  'node:readline/promises',
  'node:timers/promises',
]

const lazyBuiltinsPlugin = {
  name: 'lazy-builtins',
  setup(builder) {
    const filter = new RegExp(`^(${lazyBuiltins.join('|')})$`)
    builder.onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'lazy' ? { path, external: true } : { path, namespace: 'lazy' },
    )
    builder.onLoad({ filter: /.*/, namespace: 'lazy' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter(name => name !== 'default')
      const getters = names.map(name => `get ${name}() { return require('${path}').${name} }`)
      return { contents: `module.exports = { ${getters.join(', ')} }` }
    })
  },
}
