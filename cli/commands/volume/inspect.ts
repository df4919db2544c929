import { inspectVolume } from '../../client/volumes.ts'
import { connect } from '../../session/connect.ts'
import { inspectEach } from '../../session/for-each.ts'
import { printInspected } from '../../session/print-rows.ts'
import { defineCommand } from '../definition.ts'

export const volumeInspect = defineCommand<{ readonly format?: string }>({
  configure: command =>
    command
      .argument('<VOLUME...>', 'names')
      .option('-f, --format <how>', 'json (one line each), or a Go template such as "{{.Mountpoint}}"'),
  examples: [{ line: `berth volume inspect -f '{{.Mountpoint}}' shop_data`, means: 'where its files are' }],
  async run(context, names, { format }) {
    const client = await connect(context)
    const { values, code } = await inspectEach(context, names, name => inspectVolume(client, name))
    if (values.length > 0 || format === undefined) printInspected(context, format, values)
    return code
  },
})
