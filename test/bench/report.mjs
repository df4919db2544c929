// The table of a bench, and one line of JSON.
import { cpus } from 'node:os'

/** Prints `rows`: work -> {work, unit, values: {side: [numbers]}}. "times better": less of a time or a memory, more of a rate. */
export function report(rows, rounds) {
  const table = [...rows.values()].map(({ work, unit, values }) => {
    const peer = Object.keys(values).find(name => name !== 'berth')
    const [berth, other] = [median(values.berth), median(values[peer])]
    const ratio = berth && other ? (unit.endsWith('/s') ? berth / other : other / berth) : undefined
    return { work, unit, peer, berth, other, ratio, values }
  })
  const title = `${cpus().length} cores, ${rounds} rounds, medians\n${'work'.padEnd(62)}     berth     other   times better\n`
  process.stdout.write(title)
  for (const { work, unit, peer, berth, other, ratio } of table) {
    process.stdout.write(
      `${`${work} (${unit})`.padEnd(62)} ${cell(berth)} ${cell(other)} ${cell(ratio, 1)}  ${peer ?? ''}\n`,
    )
  }
  process.stdout.write(`${JSON.stringify(table)}\n`)
}

function cell(value, digits = 3) {
  return (value === undefined ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(digits)).padStart(9)
}

function median(values) {
  const known = (values ?? []).filter(value => value !== undefined).sort((a, b) => a - b)
  const [low, high] = [known[Math.ceil(known.length / 2) - 1], known[Math.floor(known.length / 2)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
