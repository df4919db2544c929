import { listVolumes } from '../client/volumes.ts'
import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import { connect } from '../session/connect.ts'
import { print } from '../session/context.ts'
import { printRows, rowFormat } from '../session/print-rows.ts'
import { stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { volumeColumns, volumeHeaders, volumeRow } from '../ui/volume-row.ts'
import { defineCommand } from './definition.ts'

interface VolumesFlags {
  readonly format: string
  readonly quiet?: true
}

export const volumes = defineCommand<VolumesFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services whose volumes are listed (default: all of the stack)')
      .addOption(rowFormat())
      .option('-q, --quiet', 'print names only'),
  examples: [{ line: 'berth volumes db', means: 'where a service keeps its data' }],
  async run(context, services, flags) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const own = await listVolumes(client, { label: [`${label.project}=${stack.name}`] })
    const used = services.length === 0 ? undefined : await usedVolumes()
    const rows = own
      .filter(({ Name }) => used === undefined || used.has(Name))
      .map(volumeRow)
      .sort((a, b) => a.Name.localeCompare(b.Name, 'en'))
    if (flags.quiet) print(context, rows.map(({ Name }) => `${Name}\n`).join(''))
    else printRows(context, flags.format, rows, { columns: volumeColumns, headers: volumeHeaders })
    return 0

    async function usedVolumes(): Promise<ReadonlySet<string>> {
      const containers = await stackContainers(client, stack, { services, all: true, oneOff: true })
      const mounted = containers.flatMap(({ Mounts }) => Mounts.flatMap(mount => mount.Name ?? []))
      return new Set([...mounted, ...(stack.project ? declaredVolumes(stack.project, services) : [])])
    }
  },
})

function declaredVolumes(project: Project, services: readonly string[]): readonly string[] {
  return services.flatMap(service =>
    (project.services[service]?.mounts ?? []).flatMap(({ type, source }) =>
      type === 'volume' && source !== undefined ? (project.volumes[source]?.name ?? []) : [],
    ),
  )
}
