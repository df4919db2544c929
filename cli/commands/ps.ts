import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { PsRow } from '../../schemas/output/ps.ts'
import { connect } from '../session/connect.ts'
import { type Context, print, printJson } from '../session/context.ts'
import { choice, collect } from '../session/globals.ts'
import { nameOf, serviceOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { humanDuration } from '../ui/human.ts'
import { formatPorts } from '../ui/ports.ts'
import type { Style } from '../ui/style.ts'
import { type Column, formatTable } from '../ui/table.ts'
import { truncate } from '../ui/width.ts'
import { defineCommand } from './definition.ts'

interface PsFlags {
  readonly all?: true
  readonly filter: readonly string[]
  readonly format: 'table' | 'json'
  readonly orphans: boolean
  readonly quiet?: true
  readonly services?: true
  readonly status: readonly string[]
  readonly trunc: boolean
}

const statuses = ['paused', 'restarting', 'removing', 'running', 'dead', 'created', 'exited']

export const ps = defineCommand<PsFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to list (default: all)')
      .option('-a, --all', 'stopped containers too, and those of "berth run"')
      .option('--filter <status=...>', 'only containers with a status', collect, [])
      .addOption(choice('--format <how>', 'how to print', ['table', 'json'], 'table'))
      .option('--no-trunc', 'print ids and commands in full')
      .option('--no-orphans', 'leave out containers of services that the file does not have')
      .option('-q, --quiet', 'print ids only')
      .option('--services', 'print names of services only')
      .addOption(choice('--status <word...>', 'only containers with this status', statuses).default([])),
  examples: [
    { line: 'berth ps', means: 'what is running' },
    { line: 'berth ps -a --status exited', means: 'what has stopped' },
    { line: 'berth ps --format json', means: 'one JSON object per container' },
  ],
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const status = [...flags.status, ...flags.filter.map(statusOfFilter)]
    const all = flags.all === true || status.length > 0
    const found = await stackContainers(client, stack, { services, all, oneOff: flags.all === true, status })
    const { project } = stack
    const containers =
      flags.orphans || !project ? found : found.filter(container => project.services[serviceOf(container)])
    show(context, containers, flags)
    return 0
  },
})

function show(context: Context, containers: readonly ContainerSummary[], flags: PsFlags): void {
  if (flags.quiet) print(context, containers.map(container => `${container.Id}\n`).join(''))
  else if (flags.services)
    print(context, [...new Set(containers.map(serviceOf))].map(service => `${service}\n`).join(''))
  else if (flags.format === 'json')
    for (const container of containers) printJson(context, psRowOf(container, Date.now()))
  else print(context, formatTable(columns(context.style, flags.trunc), containers))
}

function columns(style: Style, isShort: boolean): readonly Column<ContainerSummary>[] {
  return [
    { title: 'NAME', value: nameOf },
    { title: 'IMAGE', value: container => container.Image },
    { title: 'COMMAND', value: ({ Command }) => JSON.stringify(isShort ? truncate(Command, 20) : Command) },
    { title: 'SERVICE', value: serviceOf },
    { title: 'CREATED', value: ({ Created }) => `${humanDuration(Date.now() - Created * 1000)} ago` },
    {
      title: 'STATUS',
      value: container => container.Status,
      paint: (text, { State, Status }) => statusColour(style, State, Status)(text),
    },
    { title: 'PORTS', value: ({ Ports }) => formatPorts(Ports) },
  ]
}

function statusColour(style: Style, state: ContainerSummary['State'], status: string): (text: string) => string {
  if (state === 'running')
    return status.includes('(unhealthy)')
      ? style.red
      : status.includes('(health: starting)')
        ? style.yellow
        : style.green
  if (state === 'exited') return status.startsWith('Exited (0)') ? String : style.red
  return state === 'dead' ? style.red : style.yellow
}

/** The row that `docker compose ps --format json` prints for a container. */
export function psRowOf(container: ContainerSummary, nowMs: number): PsRow {
  const { Id, Image, Command, Created, State, Status, Ports, Labels, Mounts } = container
  return {
    ID: Id.slice(0, 12),
    Name: nameOf(container),
    Names: nameOf(container),
    Project: Labels['com.docker.compose.project'] ?? '',
    Service: serviceOf(container),
    Image,
    Command: JSON.stringify(truncate(Command, 20)),
    CreatedAt: `${new Date(Created * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`,
    RunningFor: `${humanDuration(nowMs - Created * 1000)} ago`,
    State,
    Status,
    Health: healthOf(Status),
    ExitCode: Number(Status.match(/^(?:Exited|Restarting) \((\d+)\)/)?.[1] ?? 0),
    Ports: formatPorts(Ports),
    Publishers: Ports.map(({ IP = '', PrivatePort, PublicPort = 0, Type }) => ({
      URL: IP,
      TargetPort: PrivatePort,
      PublishedPort: PublicPort,
      Protocol: Type,
    })),
    Labels: Object.entries(Labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Networks: Object.keys(container.NetworkSettings.Networks).join(','),
    Mounts: Mounts.map(mount => mount.Name ?? mount.Source).join(','),
    LocalVolumes: String(Mounts.filter(mount => mount.Type === 'volume').length),
    Size: '0B',
  }
}

/** The list call tells health only inside its text: `Up 5 minutes (healthy)`. */
function healthOf(status: string): string {
  return status.match(/\((?:health: )?(starting|healthy|unhealthy)\)/)?.[1] ?? ''
}

function statusOfFilter(filter: string): string {
  const status = filter.match(/^status=(.+)$/)?.[1]
  if (status !== undefined && statuses.includes(status)) return status
  throw new BerthError('USAGE', `unknown filter "${filter}"`, {
    hint: `the filters are ${statuses.map(word => `status=${word}`).join(', ')}`,
  })
}
