// Private memory of the process that watches one container, in KiB: the parent of the container's main process.
import { readdirSync, readFileSync } from 'node:fs'
import { ask } from './requests.mjs'

/** {rssKiB, privateKiB} of the monitors of the side's running containers, averaged. */
export async function monitorMemory(side) {
  const containers = await ask(side.socket, 'GET', '/containers/json')
  const monitors = new Set()
  for (const { Id } of containers) {
    const { State } = await ask(side.socket, 'GET', `/containers/${Id}/json`)
    monitors.add(parentOf(State.Pid))
  }
  const sums = [...monitors].map(pid => ({
    rss: rollup(pid, 'Rss'),
    own: rollup(pid, 'Private_Dirty') + rollup(pid, 'Private_Clean'),
  }))
  const total = key => sums.reduce((sum, one) => sum + one[key], 0) / containers.length
  return { rssKiB: total('rss'), privateKiB: total('own') }
}

/** MiB that the engine's processes take together, each shared page counted once (Pss): daemon, helpers, and what watches the containers. */
export function engineMemory(side) {
  const isEngine = text => side.engineProcesses.some(pattern => pattern.test(text))
  const pids = readdirSync('/proc').filter(name => {
    try {
      return /^\d+$/.test(name) && isEngine(readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '))
    } catch {
      return false
    }
  })
  return pids.reduce((sum, pid) => sum + rollup(pid, 'Pss'), 0) / 1024
}

function parentOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** 0 for a process that has gone meanwhile. */
function rollup(pid, field) {
  try {
    const line = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(new RegExp(`^${field}: +(\\d+) kB`, 'm'))
    return line ? Number(line[1]) : 0
  } catch {
    return 0
  }
}
