import { Option } from 'commander'
import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { BerthError } from '../../schemas/errors.ts'
import { connect } from '../session/connect.ts'
import { type Context, print } from '../session/context.ts'
import { choice, collect } from '../session/globals.ts'
import { printRows, rowFormat } from '../session/print-rows.ts'
import { serviceOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { type ContainerRow, containerHeaders, containerRow, paintStatus } from '../ui/container-row.ts'
import type { Style } from '../ui/style.ts'
import type { Column } from '../ui/table.ts'
import { defineCommand } from './definition.ts'

interface PsFlags {
  readonly all?: true
  readonly filter: readonly string[]
  readonly format: string
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
      .addOption(rowFormat())
      .option('--no-trunc', 'print ids and commands in full')
      .addOption(new Option('--orphans', 'list those too (the default)').default(true).hideHelp())
      .option('--no-orphans', 'leave out containers of services that the file does not have')
      .option('-q, --quiet', 'print ids only')
      .option('--services', 'print names of services only')
      .addOption(choice('--status <word...>', 'only containers with this status', statuses).default([])),
  examples: [
    { line: 'berth ps', means: 'what is running' },
    { line: 'berth ps -a --status exited', means: 'what has stopped' },
    { line: 'berth ps --format json', means: 'one JSON object per container' },
    { line: `berth ps --format 'table {{.Name}}\\t{{.Ports}}'`, means: 'chosen columns' },
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
  else {
    const rows = containers.map(container => containerRow(container, { nowMs: Date.now(), isFull: !flags.trunc }))
    printRows(context, flags.format, rows, { columns: columns(context.style), headers: containerHeaders })
  }
}

function columns(style: Style): readonly Column<ContainerRow>[] {
  return [
    { title: 'NAME', value: row => row.Name },
    { title: 'IMAGE', value: row => row.Image },
    { title: 'COMMAND', value: row => row.Command },
    { title: 'SERVICE', value: row => row.Service },
    { title: 'CREATED', value: row => row.RunningFor },
    { title: 'STATUS', value: row => row.Status, paint: paintStatus(style) },
    { title: 'PORTS', value: row => row.Ports },
  ]
}

function statusOfFilter(filter: string): string {
  const status = filter.match(/^status=(.+)$/)?.[1]
  if (status !== undefined && statuses.includes(status)) return status
  throw new BerthError('USAGE', `unknown filter "${filter}"`, {
    hint: `the filters are ${statuses.map(word => `status=${word}`).join(', ')}`,
  })
}
