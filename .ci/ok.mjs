// `npm run ok`: what every commit passes, in under a minute and without root. Independent steps run side by side.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = name => join(root, 'node_modules', '.bin', name)
const steps = [
  ['format and lint', bin('biome'), ['check', '--error-on-warnings', '.']],
  ['layers', process.execPath, ['test/checks/layers.mjs']],
  ['indentation of C', process.execPath, ['test/checks/indentation.mjs']],
  ['types', bin('tsc'), ['--noEmit', '--pretty', 'false']],
  ['native', 'make', ['-C', 'native', '-s', '-j2']],
  ['unit and golden', process.execPath, ['test/run.mjs', 'unit', 'golden']],
]

const began = Date.now()
const results = await Promise.all(steps.map(run))
for (const { name, code, output, ms } of results) {
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${(ms / 1000).toFixed(1)} s)\n`)
  if (code !== 0) process.stdout.write(output)
}
process.stdout.write(`all in ${((Date.now() - began) / 1000).toFixed(1)} s\n`)
process.exit(results.every(result => result.code === 0) ? 0 : 1)

function run([name, command, argv]) {
  return new Promise(resolve => {
    const start = Date.now()
    const child = spawn(command, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    child.stdout.on('data', chunk => chunks.push(chunk))
    child.stderr.on('data', chunk => chunks.push(chunk))
    child.on('close', code => resolve({ name, code, output: Buffer.concat(chunks).toString(), ms: Date.now() - start }))
  })
}
