import type { DiffOutput } from '../../../schemas/output/container.ts'
import { containerChanges } from '../../client/snapshots.ts'
import { connect } from '../../session/connect.ts'
import { print, printJson } from '../../session/context.ts'
import { choice } from '../../session/globals.ts'
import { sanitizeLine } from '../../ui/sanitize.ts'
import { defineCommand } from '../definition.ts'

const signs = ['C', 'A', 'D'] as const
const words = ['changed', 'added', 'deleted'] as const

export const containerDiff = defineCommand<{ readonly format: 'text' | 'json' }>({
  configure: command =>
    command
      .argument('<CONTAINER>', 'name or id')
      .addOption(choice('--format <how>', 'how to print', ['text', 'json'], 'text')),
  details: 'What differs from the image: A added, C changed, D deleted.',
  examples: [{ line: 'berth container diff shop-api-1', means: 'what a program has written outside of its volumes' }],
  async run(context, [name = ''], { format }) {
    const changes = (await containerChanges(await connect(context), name)) ?? []
    if (format === 'json') {
      const output: DiffOutput = changes.map(({ Kind, Path }) => ({ path: Path, kind: words[Kind] }))
      printJson(context, output)
    } else print(context, changes.map(({ Kind, Path }) => `${signs[Kind]} ${sanitizeLine(Path)}\n`).join(''))
    return 0
  },
})
