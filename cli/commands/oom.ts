import type { OomIncident } from '../../schemas/api/berth.ts'
import { humanDuration } from '../../schemas/human-duration.ts'
import type { OomRow } from '../../schemas/output/oom.ts'
import { listOomIncidents } from '../client/system.ts'
import { label } from '../model/labels.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { findStack } from '../session/stack-target.ts'
import { binarySize } from '../ui/human.ts'
import { formatTable } from '../ui/table.ts'
import { defineCommand } from './definition.ts'

interface OomFlags {
  readonly format: 'table' | 'json'
  readonly allStacks?: true
}

export const oom = defineCommand<OomFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to look at (default: all)')
      .option('-A, --all-stacks', 'of every stack and container of this engine')
      .addOption(choice('--format <how>', 'how to print', ['table', 'json'], 'table')),
  details:
    'Every kill for lack of memory inside a container counts, not only that of its main process. What is done then is decided by "x-oom" of the service, ' +
    'or by its restart policy.',
  examples: [
    { line: 'berth oom', means: 'what ran out of memory, and what Berth did' },
    { line: 'berth oom --format json worker', means: 'the same for one service, for programs' },
  ],
  async run(context, services, flags) {
    const stack = flags.allStacks ? undefined : await findStack(context, services)
    const client = await connect(context)
    const filters = stack ? { label: [`${label.project}=${stack.name}`] } : {}
    const incidents = (await listOomIncidents(client, filters)).filter(
      incident => services.length === 0 || services.includes(incident.Labels[label.service] ?? ''),
    )
    if (flags.format === 'json') {
      for (const incident of incidents) printJson(context, oomRow(incident))
      return 0
    }
    print(context, incidents.length === 0 ? 'No container ran out of memory.\n' : table(incidents, context.style.red))
    return 0
  },
})

function table(incidents: readonly OomIncident[], red: (text: string) => string): string {
  return formatTable<OomIncident>(
    [
      { title: 'WHEN', value: ({ Time }) => `${humanDuration(Date.now() - Date.parse(Time))} ago` },
      { title: 'CONTAINER', value: incident => incident.ContainerName.replace(/^\//, '') },
      {
        title: 'VICTIM',
        value: ({ Victim, KilledMain }) =>
          `${Victim ? `${Victim.Name} (${Victim.Pid})` : '-'}${KilledMain ? ' main' : ''}`,
      },
      { title: 'MEMORY', value: ({ Victim, PeakBytes }) => binarySize(Victim?.RssBytes || PeakBytes), align: 'right' },
      { title: 'LIMIT', value: incident => binarySize(incident.LimitBytes), align: 'right' },
      {
        title: 'DECISION',
        value: ({ Decision, DelayMs }) => (Decision === 'restart' && DelayMs ? `restart after ${DelayMs}ms` : Decision),
        paint: (text, { Decision }) => (Decision === 'give-up' || Decision === 'stop' ? red(text) : text),
      },
      {
        title: 'NEW LIMIT',
        value: ({ NewLimitBytes }) => (NewLimitBytes === undefined ? '-' : binarySize(NewLimitBytes)),
      },
      { title: 'WHY', value: incident => incident.Reason },
    ],
    incidents,
  )
}

function oomRow(incident: OomIncident): OomRow {
  const {
    Id,
    Time,
    ContainerId,
    ContainerName,
    Labels,
    Victim,
    KilledMain,
    LimitBytes,
    PeakBytes,
    Decision,
    Reason,
    NewLimitBytes,
    DelayMs,
  } = incident
  return {
    id: Id,
    time: Time,
    project: Labels[label.project] ?? '',
    service: Labels[label.service] ?? '',
    container: ContainerName.replace(/^\//, ''),
    containerId: ContainerId,
    ...(Victim === undefined ? {} : { victim: { pid: Victim.Pid, name: Victim.Name, rssBytes: Victim.RssBytes } }),
    killedMain: KilledMain,
    limitBytes: LimitBytes,
    peakBytes: PeakBytes,
    decision: Decision,
    reason: Reason,
    ...(NewLimitBytes === undefined ? {} : { newLimitBytes: NewLimitBytes }),
    ...(DelayMs === undefined ? {} : { delayMs: DelayMs }),
  }
}
