import { BerthError } from '../../../schemas/errors.ts'
import { pushImage } from '../../client/images.ts'
import { registryAuth } from '../../registry/registry-auth.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { splitImageName } from '../../session/image-name.ts'
import { showTransfer } from '../../session/show-transfer.ts'
import { defineCommand } from '../definition.ts'

interface PushFlags {
  readonly allTags?: true
  readonly quiet?: true
}

export const push = defineCommand<PushFlags>({
  configure: command =>
    command
      .argument('<NAME[:TAG]>', 'image to push')
      .option('-a, --all-tags', 'every tag of the repository')
      .option('-q, --quiet', 'print only the name'),
  examples: [{ line: 'berth image push registry.example:5000/team/app:2', means: 'layers that are there stay there' }],
  handlesInterrupt: true,
  async run(context, [reference = ''], flags) {
    const { name, tag } = splitImageName(reference)
    if (tag?.includes(':')) throw new BerthError('USAGE', 'an image is pushed by its tag, not by a digest')
    if (flags.allTags && tag !== undefined) throw new BerthError('USAGE', 'a tag cannot be used with --all-tags')
    const version = tag ?? (flags.allTags ? undefined : 'latest')
    const auth = await registryAuth(context.env, reference)
    const client = await connect(context)
    if (version === 'latest' && tag === undefined && !flags.quiet) print(context, 'Using default tag: latest\n')
    const messages = pushImage(client, name, version === undefined ? {} : { tag: version }, {
      ...(auth === undefined ? {} : { auth }),
      signal: context.signal,
    })
    await showTransfer(context, messages, flags.quiet)
    if (flags.quiet) print(context, `${reference}\n`)
    return 0
  },
})
