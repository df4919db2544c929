import type { VersionOutput } from '../../schemas/output/version.ts'
import { berthVersion } from '../../schemas/version.ts'
import { print, printJson } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { defineCommand } from './definition.ts'

interface VersionFlags {
  readonly format: 'pretty' | 'json'
  readonly short?: true
  readonly engine?: true
}

export const version = defineCommand<VersionFlags>({
  configure: command =>
    command
      .addOption(choice('-f, --format <how>', 'how to print', ['pretty', 'json'], 'pretty'))
      .option('--short', 'the number only')
      .option('--engine', 'ask the engine for its version too'),
  examples: [{ line: 'berth version --engine', means: 'versions of both sides' }],
  async run(context, _args, flags) {
    if (flags.short) {
      print(context, `${berthVersion}\n`)
      return 0
    }
    const output: VersionOutput = flags.engine
      ? { version: berthVersion, engine: await askEngine() }
      : { version: berthVersion }
    if (flags.format === 'json') {
      printJson(context, output)
      return 0
    }
    print(context, `berth version ${output.version}\n`)
    const { engine } = output
    if (engine)
      print(context, `engine ${engine.name} version ${engine.version}, API ${engine.apiVersion}, at ${engine.host}\n`)
    return 0

    async function askEngine(): Promise<NonNullable<VersionOutput['engine']>> {
      const [{ connect }, { engineVersion }] = await Promise.all([
        import('../session/connect.ts'),
        import('../client/system.ts'),
      ])
      const client = await connect(context)
      const { Version, ApiVersion, Platform } = await engineVersion(client)
      const { isBerth } = await client.facts()
      return {
        name: isBerth ? 'Berth' : Platform.Name || 'Docker',
        version: Version,
        apiVersion: ApiVersion,
        host: client.host,
      }
    }
  },
})
