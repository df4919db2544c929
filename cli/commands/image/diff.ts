import { compareImages } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { print, printJson } from '../../session/context.ts'
import { choice } from '../../session/globals.ts'
import { sanitizeLine } from '../../ui/sanitize.ts'
import { defineCommand } from '../definition.ts'

interface DiffFlags {
  readonly format: 'text' | 'json'
  readonly exitCode?: true
}

export const diff = defineCommand<DiffFlags>({
  configure: command =>
    command
      .argument('<IMAGE>', 'name or id of the first image')
      .argument('<IMAGE>', 'and of the second')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text'))
      .option('--exit-code', 'exit with 1 when they differ'),
  details:
    'A is a path that only the second image has, D one that only the first has, C one that differs (content by size and time, mode, owner, type, link target).',
  examples: [{ line: 'berth image diff app:1 app:2', means: 'what an update changes' }],
  async run(context, [from = '', to = ''], { format, exitCode }) {
    const client = await connect(context)
    const differences = await compareImages(client, from, to)
    if (format === 'json') printJson(context, differences)
    else {
      const lines = differences.map(({ Kind, Path, What }) => {
        const what = What.length === 0 ? '' : `  (${What.join(', ')})`
        return `${Kind} ${sanitizeLine(Path)}${what}\n`
      })
      print(context, lines.join(''))
    }
    return exitCode && differences.length > 0 ? 1 : 0
  },
})
