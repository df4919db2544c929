// The import order of the house: schemas <- cli, schemas <- engine, never sideways; pure modules import no I/O; every folder has a README.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const code = ['cli', 'engine', 'native', 'schemas', 'samples', 'test']
const allowed = { schemas: ['schemas'], cli: ['cli', 'schemas'], engine: ['engine', 'schemas'] }
/** Folders (within cli) from the source of the flow to its end; a file may import its own folder and those before it. */
const flow = [
  'model',
  'load',
  'graph',
  'client',
  'observe',
  'plan',
  'apply',
  'copy',
  'watch',
  'ui',
  'convert',
  'commands',
]
/** `model` holds the types that the loader fills in, so these two know each other. */
const pairs = new Set(['model>load'])
const pure = [
  /^cli\/(model|graph|plan)\//,
  /^engine\/containers\/(state|restart)\.ts$/,
  /^engine\/networks\/(ipam|ruleset)\.ts$/,
  /^engine\/runtime\/spec\.ts$/,
]
const impureImports = /^(node:(fs|net|http|https|child_process|os|process|timers|worker_threads)(\/|$)|pino$)/
const impureText = /\b(Date\.now\(|new Date\(\)|Math\.random\(|process\.(env|cwd|argv)|console\.)/
const problems = []

for (const file of code.flatMap(folder => sources(join(root, folder))))
  check(relative(root, file), readFileSync(file, 'utf8'))
for (const folder of code.flatMap(name => folders(join(root, name)))) {
  if (!readdirSync(folder).includes('README.md')) problems.push(`${relative(root, folder)}: no README.md`)
}
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\nlayers: ${problems.length} problem(s)\n`)
  process.exit(1)
}

function check(file, text) {
  const top = file.split('/')[0]
  const lines = text.split('\n').length
  const limit = file.endsWith('.ts') ? 400 : 500
  if (lines > limit + 1) problems.push(`${file}: ${lines} lines, at most ${limit}: one concept, or two?`)
  if (!file.endsWith('.ts')) return
  const isPure = pure.some(pattern => pattern.test(file))
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) checkImport(file, top, target, isPure)
  const clockOrWorld = isPure && text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '').match(impureText)
  if (clockOrWorld) problems.push(`${file}: a pure module uses ${clockOrWorld[0]}`)
}

function checkImport(file, top, target, isPure) {
  if (!target.startsWith('.')) {
    if (isPure && impureImports.test(target)) problems.push(`${file}: a pure module imports ${target}`)
    if (top === 'schemas' && target !== 'zod/mini')
      problems.push(`${file}: schemas may import only zod/mini, not ${target}`)
    return
  }
  const to = normalize(join(dirname(file), target))
  if (!(allowed[top] ?? [...code, 'package.json']).includes(to.split('/')[0]))
    problems.push(`${file}: ${top} may not import ${to}`)
  if (top !== 'cli' || !to.startsWith('cli/')) return
  const [here, there] = [flow.indexOf(file.split('/')[1]), flow.indexOf(to.split('/')[1])]
  const isAllowedPair = pairs.has(`${flow[here]}>${flow[there]}`)
  if (here >= 0 && there > here && !isAllowedPair)
    problems.push(`${file}: data goes downward; ${flow[here]} may not import ${to}`)
}

function sources(folder) {
  return entries(folder).flatMap(([path, isFolder]) =>
    isFolder ? sources(path) : /\.(ts|c|h)$/.test(path) ? [path] : [],
  )
}

function folders(folder) {
  return [folder, ...entries(folder).flatMap(([path, isFolder]) => (isFolder && !isData(path) ? folders(path) : []))]
}

/** Folders of cases (golden data) and test folders that mirror the source need no README of their own. */
function isData(path) {
  return /\/test\/(unit|golden|api|scenarios|conformance|fault|lane)\/.+/.test(path)
}

function entries(folder) {
  return readdirSync(folder)
    .filter(name => name !== 'node_modules')
    .map(name => [join(folder, name), statSync(join(folder, name)).isDirectory()])
}
