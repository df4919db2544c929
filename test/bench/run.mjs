// `npm run bench [-- --rounds N] [-- --sizes 1,20,100]`: prints a table and one line of JSON. See README.md of this folder.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { engineFigures } from './engine.mjs'
import { engineMemory, monitorMemory } from './memory.mjs'
import { oomToRunning } from './oom.mjs'
import { berthSide, peerSide } from './sides.mjs'
import { busyboxArchive, hog, sleepers } from './stacks.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const rounds = Number(option('rounds', '3'))
const sizes = option('sizes', '1,20,100').split(',').filter(Boolean).map(Number)
/** The docker command line drives both sides where it is there. */
const hasDocker = spawnSync('docker', ['--version']).status === 0
if (!existsSync(join(root, 'dist', 'berthd.cjs'))) throw new Error('dist/ is not built: run `npm install` first')

const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
const sides = [await berthSide(root, folder), peerSide()].filter(Boolean)
const rows = new Map()
try {
  const archive = busyboxArchive(folder)
  for (const side of sides) side.load(archive)
  for (const size of sizes)
    for (let round = 0; round < rounds; round++) for (const side of sides) await upAndDown(side, size)
  for (const kind of sizes.length > 0 ? ['main', 'child'] : []) for (const side of sides) await oom(side, kind)
  if (hasDocker)
    for (const side of sides) await engineFigures(side, (work, unit, value) => note(work, side, unit, value))
} finally {
  for (const side of sides) await side.stop()
  rmSync(folder, { recursive: true, force: true })
}
report()

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

async function oom(side, kind) {
  const seconds = await oomToRunning(side, hog(folder, kind))
  note(`OOM kill of ${kind === 'main' ? 'the main process' : 'a child only'} to running again`, side, 's', seconds)
}

function note(work, side, unit, value) {
  const row = rows.get(work) ?? { work, unit, values: {} }
  rows.set(work, row)
  row.values[side.name] = [...(row.values[side.name] ?? []), value]
}

function report() {
  const table = [...rows.values()].map(({ work, unit, values }) => {
    const [berth, docker] = [median(values.berth), median(values.docker)]
    // How many times better: less of a time or a memory, more of a rate.
    const ratio = berth && docker ? (unit.endsWith('/s') ? berth / docker : docker / berth) : undefined
    return { work, unit, berth, docker, ratio, values }
  })
  const cell = (value, digits = 3) =>
    (value === undefined ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(digits)).padStart(9)
  process.stdout.write(
    `${cpus().length} cores, ${rounds} rounds, medians\n${'work'.padEnd(48)}     berth    docker   times better\n`,
  )
  for (const { work, unit, berth, docker, ratio } of table) {
    process.stdout.write(`${`${work} (${unit})`.padEnd(48)} ${cell(berth)} ${cell(docker)} ${cell(ratio, 1)}\n`)
  }
  process.stdout.write(`${JSON.stringify(table)}\n`)
}

function median(values) {
  const known = (values ?? []).filter(value => value !== undefined).sort((a, b) => a - b)
  return known[Math.floor(known.length / 2)]
}

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]
}
