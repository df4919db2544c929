import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostFiles } from '../../cli/load/files.ts'
import type { LoadOptions } from '../../cli/load/load-options.ts'
import { loadStack } from '../../cli/load/load-project.ts'
import { renderDiagnostics } from '../../cli/load/render-diagnostics.ts'
import { renderYaml } from '../../cli/load/render-yaml.ts'

// Each folder of golden/load is a stack: its files, options.json for what the command line and environment would say, and what comes out:
// expected.yaml (what `config` prints) and messages.txt (errors and warnings as the user sees them). UPDATE_GOLDEN=1 writes both.
const folder = join(import.meta.dirname, 'golden', 'load')
const plain = (text: string) => text
const style = { bold: plain, dim: plain, red: plain, yellow: plain, cyan: plain }

for (const name of readdirSync(folder)
  .filter(each => /^[0-9]/.test(each))
  .sort()) {
  test(`golden load ${name}`, () => {
    const cwd = join(folder, name)
    const optionsFile = join(cwd, 'options.json')
    const options = existsSync(optionsFile)
      ? (JSON.parse(readFileSync(optionsFile, 'utf8')) as Partial<LoadOptions>)
      : {}
    const stack = loadStack({ env: {}, ...options, cwd, fs: boundedBy(cwd) })
    const messages = renderDiagnostics(stack.diagnostics, { sources: stack.sources, style, cwd }).replaceAll(
      cwd,
      '$DIR',
    )
    const yaml = stack.canonical === undefined ? '' : renderYaml(stack.canonical).replaceAll(cwd, '$DIR')
    compare(join(cwd, 'messages.txt'), messages)
    compare(join(cwd, 'expected.yaml'), yaml)
    assert.equal(stack.project === undefined, messages.includes('error: '))
  })
}

/** The search for a stack file must not leave the case. */
function boundedBy(root: string): LoadOptions['fs'] {
  return { ...hostFiles, stat: path => (path.startsWith(`${root}/`) ? hostFiles.stat(path) : undefined) }
}

function compare(file: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === '1') {
    if (text === '') rmSync(file, { force: true })
    else writeFileSync(file, text)
    return
  }
  assert.equal(text, existsSync(file) ? readFileSync(file, 'utf8') : '')
}
