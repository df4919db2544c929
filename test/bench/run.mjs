// `npm run bench -- [--rounds N] [--sizes 1,20,100] [--only stacks,engine,images,builds,runtime]`: prints a table and one line of JSON. See README.md of this folder.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildContext, buildFigures } from './builds.mjs'
import { engineFigures } from './engine.mjs'
import { imageFigures, imageFixture } from './images.mjs'
import { engineMemory, monitorMemory } from './memory.mjs'
import { oomToRunning } from './oom.mjs'
import { buildPrograms } from './programs.mjs'
import { report } from './report.mjs'
import { hundredFigures, runtimeFigures } from './runtime.mjs'
import { berthSide, peerSide } from './sides.mjs'
import { busyboxArchive, hog, sleepers } from './stacks.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const rounds = Number(option('rounds', '3'))
const sizes = option('sizes', '1,20,100').split(',').filter(Boolean).map(Number)
const parts = option('only', 'stacks,engine,images,builds,runtime').split(',')
/** The docker command line drives both sides where it is there. */
const hasDocker = spawnSync('docker', ['--version']).status === 0
// What is measured is this tree: an old dist/ would be measured without a word.
if (
  spawnSync(process.execPath, [join(root, '.ci', 'build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0
)
  throw new Error('dist/ could not be built: run `npm install` first')

const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
const sides = [await berthSide(root, folder), peerSide()].filter(Boolean)
const rows = new Map()
try {
  const archive = busyboxArchive(folder)
  for (const side of sides) side.load(archive)
  for (const size of parts.includes('stacks') ? sizes : [])
    for (let round = 0; round < rounds; round++) for (const side of sides) await upAndDown(side, size)
  for (const kind of parts.includes('stacks') ? ['main', 'child'] : []) for (const side of sides) await oom(side, kind)
  const programs = buildPrograms(join(folder, 'programs'))
  if (hasDocker && parts.includes('engine')) await engineFigures(sides, programs, rounds, note)
  if (parts.includes('images')) await images()
  if (parts.includes('builds')) builds()
  const other = (work, name, unit, value) => note(work, { name }, unit, value)
  if (parts.includes('runtime')) runtimeFigures(root, programs, other)
  if (parts.includes('runtime')) await hundredFigures(sides[0], programs, folder, other)
} finally {
  for (const side of sides) await side.stop()
  rmSync(folder, { recursive: true, force: true })
}
report(rows, rounds)

async function upAndDown(side, size) {
  const file = sleepers(folder, size)
  const cold = side.composeCold ?? side.compose
  note(`up of ${size}`, side, 's', side.compose(file, 'up', '-d'))
  try {
    if (size === 100) note('engine with 100 containers, proportional', side, 'MiB', engineMemory(side))
    if (size === 20) {
      note('up again of 20, nothing to do', side, 's', side.compose(file, 'up', '-d'))
      note('up again of 20, no standby', side, 's', cold(file, 'up', '-d'))
      const memory = await monitorMemory(side)
      note('monitor per container, resident', side, 'KiB', memory.rssKiB)
      note('monitor per container, private', side, 'KiB', memory.privateKiB)
    }
  } finally {
    note(`down -t 0 of ${size}`, side, 's', side.compose(file, 'down', '-t', '0'))
  }
  if (size !== 1) return
  note('up of 1, no standby', side, 's', cold(file, 'up', '-d'))
  note('down -t 0 of 1, no standby', side, 's', cold(file, 'down', '-t', '0'))
}

async function images() {
  const fixture = await imageFixture(folder)
  if (fixture === undefined) return
  try {
    for (let round = 0; round < rounds; round++)
      for (const side of sides) await imageFigures(side, fixture, (work, unit, value) => note(work, side, unit, value))
  } finally {
    await fixture.stop()
  }
}

function builds() {
  const context = buildContext(folder)
  for (let round = 0; round < rounds; round++)
    for (const side of sides.filter(({ build }) => build !== undefined))
      buildFigures(side, context, `${folder} ${round}`, (work, unit, value) => note(work, side, unit, value))
}

async function oom(side, kind) {
  const seconds = await oomToRunning(side, hog(folder, kind))
  note(`OOM kill of ${kind === 'main' ? 'the main process' : 'a child only'} to running again`, side, 's', seconds)
}

function note(work, side, unit, value) {
  const row = rows.get(work) ?? { work, unit, values: {} }
  rows.set(work, row)
  row.values[side.name] = [...(row.values[side.name] ?? []), value]
}

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]
}
