import { saveImages } from '../../client/images.ts'
import { connect } from '../../session/connect.ts'
import { writeArchive } from '../../session/write-archive.ts'
import { defineCommand } from '../definition.ts'

interface SaveFlags {
  readonly output?: string
}

export const save = defineCommand<SaveFlags>({
  configure: command =>
    command
      .argument('<IMAGE...>', 'names or ids')
      .option('-o, --output <file>', 'write here (default: standard output)'),
  details:
    'The archive is an OCI layout with a manifest.json beside it: "docker load", skopeo and "berth load" read it.',
  examples: [
    { line: 'berth image save -o app.tar app:1 app:2', means: 'two images that share their layers' },
    { line: 'berth image save app:1 | ssh other berth load', means: 'copy an image to another host' },
  ],
  handlesInterrupt: true,
  async run(context, names, { output }) {
    const client = await connect(context)
    await writeArchive(context, output, () => saveImages(client, names, { signal: context.signal }))
    return 0
  },
})
