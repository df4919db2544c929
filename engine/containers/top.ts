import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import type { ContainerTop } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { ContainerContext } from './context.ts'
import { psColumns } from './ps-options.ts'
import { isUp } from './state.ts'
import { readAccounts } from './user.ts'

/** One process of a container as /proc tells it. */
interface ProcessFacts {
  readonly pid: number
  readonly ppid: number
  readonly uid: number
  readonly startTicks: number
  readonly cpuTicks: number
  readonly tty: number
  readonly state: string
  readonly rssPages: number
  readonly sizeBytes: number
  readonly name: string
  readonly command: string
}

const ticksPerSecond = 100

/**
 * GET /containers/{id}/top without running ps; see `psColumns` for the options that it knows.
 */
export async function topContainer(
  context: ContainerContext,
  reference: string,
  psArguments: string,
): Promise<ContainerTop> {
  const container = context.registry.get(reference)
  if (container.state.status === 'restarting') {
    throw new BerthError(
      'CONFLICT',
      `Container ${container.record.id} is restarting, wait until the container is running`,
    )
  }
  if (!isUp(container.state) || container.live.monitor === undefined) {
    throw new BerthError('CONFLICT', `container ${container.record.id} is not running`)
  }
  const columns = columnsOf(psArguments)
  const [pids, accounts, bootTime] = await Promise.all([
    container.live.monitor.processes(),
    // dockerd prints the host's names; the container's own tell more.
    readAccounts([`/proc/${container.state.pid}/root`]),
    readBootTime(),
  ])
  const names = userNames(accounts.passwd)
  const processes = (await Promise.all(pids.map(readProcess))).filter(facts => facts !== undefined)
  processes.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid)
  const scope = { names, bootTime, now: context.clock.now() }
  return {
    Titles: columns.map(column => column.title),
    Processes: processes.map(facts => columns.map(column => column.print(facts, scope))),
  }
}

interface Scope {
  readonly names: ReadonlyMap<number, string>
  /** Seconds since 1970. */
  readonly bootTime: number
  readonly now: number
}

interface Column {
  readonly title: string
  readonly print: (facts: ProcessFacts, scope: Scope) => string
}

const user: Column['print'] = ({ uid }, { names }) => names.get(uid) ?? String(uid)
const seconds = ({ cpuTicks }: ProcessFacts): number => Math.floor(cpuTicks / ticksPerSecond)
const age = ({ startTicks }: ProcessFacts, { bootTime, now }: Scope): number =>
  Math.max(0, now / 1000 - bootTime - startTicks / ticksPerSecond)
const percent = (facts: ProcessFacts, scope: Scope): number =>
  (100 * (facts.cpuTicks / ticksPerSecond)) / Math.max(1, age(facts, scope))

const columnsByName: Readonly<Record<string, Column>> = {
  user: { title: 'USER', print: user },
  uid: { title: 'UID', print: user },
  pid: { title: 'PID', print: ({ pid }) => String(pid) },
  ppid: { title: 'PPID', print: ({ ppid }) => String(ppid) },
  c: { title: 'C', print: (facts, scope) => String(Math.floor(percent(facts, scope))) },
  pcpu: { title: '%CPU', print: (facts, scope) => percent(facts, scope).toFixed(1) },
  stime: { title: 'STIME', print: (facts, scope) => clockTime(scope.bootTime + facts.startTicks / ticksPerSecond) },
  start: { title: 'START', print: (facts, scope) => clockTime(scope.bootTime + facts.startTicks / ticksPerSecond) },
  tty: { title: 'TTY', print: ({ tty }) => (tty === 0 ? '?' : `pts/${tty & 0xff}`) },
  time: { title: 'TIME', print: facts => duration(seconds(facts)) },
  bsdtime: { title: 'TIME', print: facts => shortDuration(seconds(facts)) },
  etime: { title: 'ELAPSED', print: (facts, scope) => duration(Math.floor(age(facts, scope))) },
  stat: { title: 'STAT', print: ({ state }) => state },
  state: { title: 'S', print: ({ state }) => state },
  pmem: { title: '%MEM', print: ({ rssPages }) => ((100 * rssPages * 4096) / totalmem()).toFixed(1) },
  rss: { title: 'RSS', print: ({ rssPages }) => String(rssPages * 4) },
  vsz: { title: 'VSZ', print: ({ sizeBytes }) => String(Math.floor(sizeBytes / 1024)) },
  comm: { title: 'COMMAND', print: ({ name }) => name },
  cmd: { title: 'CMD', print: ({ command }) => command },
  args: { title: 'COMMAND', print: ({ command }) => command },
  command: { title: 'COMMAND', print: ({ command }) => command },
}

const otherNames: Readonly<Record<string, string>> = {
  '%cpu': 'pcpu',
  '%mem': 'pmem',
  euser: 'user',
  ruser: 'user',
  euid: 'uid',
  ruid: 'uid',
  tt: 'tty',
  tname: 'tty',
  cputime: 'time',
  s: 'state',
  rsz: 'rss',
  rssize: 'rss',
  vsize: 'vsz',
  ucmd: 'comm',
  ucomm: 'comm',
}

const columnsOf = (text: string): readonly Column[] =>
  psColumns(text).map(({ name, title }) => {
    const column = columnsByName[otherNames[name] ?? name]
    if (column === undefined)
      throw new BerthError(
        'INVALID_ARGUMENT',
        `unknown ps column "${name}": known are ${Object.keys(columnsByName).join(', ')}`,
      )
    return title === undefined ? column : { ...column, title }
  })

async function readProcess(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, status, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/status`, 'latin1'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ])
    const nameEnd = stat.lastIndexOf(')')
    const name = stat.slice(stat.indexOf('(') + 1, nameEnd)
    // proc_pid_stat(5): fields from the third on.
    const fields = stat.slice(nameEnd + 2).split(' ')
    const number = (index: number): number => Number(fields[index] ?? 0)
    return {
      pid,
      state: fields[0] ?? '?',
      ppid: number(1),
      tty: number(4),
      cpuTicks: number(11) + number(12),
      startTicks: number(19),
      sizeBytes: number(20),
      rssPages: number(21),
      uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1] ?? 0),
      name,
      command: commandLine === '' ? `[${name}]` : commandLine.replace(/\0$/, '').replaceAll('\0', ' '),
    }
  } catch {
    // It has ended since the list was made.
    return undefined
  }
}

async function readBootTime(): Promise<number> {
  return Number(/^btime (\d+)$/m.exec(await readFile('/proc/stat', 'latin1'))?.[1] ?? 0)
}

function userNames(passwd: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const line of passwd.split('\n')) {
    const [name, , uid] = line.split(':')
    if (name !== undefined && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid)))
      names.set(Number(uid), name)
  }
  return names
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
const duration = (total: number): string => `${two(total / 3600)}:${two((total / 60) % 60)}:${two(total % 60)}`
const shortDuration = (total: number): string => `${Math.floor(total / 60)}:${two(total % 60)}`
const clockTime = (unixSeconds: number): string => {
  const date = new Date(unixSeconds * 1000)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}
