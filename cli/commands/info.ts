import type { SystemInfo } from '../../schemas/api/system.ts'
import type { InfoOutput } from '../../schemas/output/info.ts'
import { berthVersion } from '../../schemas/version.ts'
import { engineInfo } from '../client/system.ts'
import { connect } from '../session/connect.ts'
import { print, printJson } from '../session/context.ts'
import { printInspected } from '../session/print-rows.ts'
import { binarySize } from '../ui/human.ts'
import { sanitizeLine } from '../ui/sanitize.ts'
import { padEnd } from '../ui/width.ts'
import { defineCommand } from './definition.ts'

interface InfoFlags {
  readonly format: string
}

export const info = defineCommand<InfoFlags>({
  configure: command =>
    command.option(
      '-f, --format <how>',
      'text, json, or a Go template over what the engine says: "{{.ServerVersion}}"',
      'text',
    ),
  details: 'With --format json it prints what the engine itself says, and where it is.',
  examples: [{ line: 'berth info', means: 'kernel, cgroups, storage and how much is running' }],
  async run(context, _args, flags) {
    const client = await connect(context)
    const [engine, { isBerth, apiVersion }] = await Promise.all([engineInfo(client), client.facts()])
    const output: InfoOutput = {
      client: { version: berthVersion },
      host: client.host,
      isBerth,
      apiVersion,
      engine: { ...engine },
    }
    if (flags.format === 'json') {
      printJson(context, output)
      return 0
    }
    if (flags.format !== 'text') {
      printInspected(context, flags.format, [engine])
      return 0
    }
    const facts = rows(output, engine)
    const width = Math.max(...facts.map(([title]) => title.length)) + 2
    print(
      context,
      facts.map(([title, value]) => `${context.style.bold(padEnd(title, width))}${sanitizeLine(value)}\n`).join(''),
    )
    for (const warning of engine.Warnings ?? [])
      print(context, `${context.style.yellow('warning:')} ${sanitizeLine(warning)}\n`)
    return 0
  },
})

function rows(output: InfoOutput, engine: SystemInfo): readonly (readonly [string, string])[] {
  const { Containers, ContainersRunning, ContainersPaused, ContainersStopped } = engine
  return [
    ['Client', `berth ${output.client.version}`],
    ['Engine', `${output.isBerth ? 'berthd' : 'Docker Engine API'} ${engine.ServerVersion}, API ${output.apiVersion}`],
    ['Host', output.host],
    [
      'Containers',
      `${Containers} (${ContainersRunning} running, ${ContainersPaused} paused, ${ContainersStopped} stopped)`,
    ],
    ['Images', String(engine.Images)],
    ['Storage', `${engine.Driver}, in ${engine.DockerRootDir}`],
    ['Cgroups', `v${engine.CgroupVersion}, ${engine.CgroupDriver}`],
    ['Security', engine.SecurityOptions.join(', ') || 'none'],
    ['Kernel', `${engine.KernelVersion} ${engine.Architecture}`],
    ['System', engine.OperatingSystem],
    ['Machine', `${engine.NCPU} CPUs, ${binarySize(engine.MemTotal)} of memory`],
  ]
}
