import { BerthError } from '../../../schemas/errors.ts'
import { pullImage } from '../../client/images.ts'
import { registryAuth } from '../../registry/registry-auth.ts'
import { connect } from '../../session/connect.ts'
import { print } from '../../session/context.ts'
import { splitImageName } from '../../session/image-name.ts'
import { showTransfer } from '../../session/show-transfer.ts'
import { defineCommand } from '../definition.ts'

interface PullFlags {
  readonly allTags?: true
  readonly platform?: string
  readonly quiet?: true
}

export const pull = defineCommand<PullFlags>({
  configure: command =>
    command
      .argument('<NAME[:TAG|@DIGEST]>', 'image to pull')
      .option('-a, --all-tags', 'every tag of the repository')
      .option('--platform <os/arch>', 'take the image for this platform from an index, e.g. linux/arm64')
      .option('-q, --quiet', 'print only the name'),
  examples: [
    { line: 'berth image pull redis:7', means: 'from Docker Hub, or its mirror' },
    { line: 'berth image pull registry.example:5000/team/app', means: 'from another registry; "berth login" first' },
  ],
  handlesInterrupt: true,
  async run(context, [reference = ''], flags) {
    const { name, tag } = splitImageName(reference)
    if (flags.allTags && tag !== undefined) throw new BerthError('USAGE', 'a tag cannot be used with --all-tags')
    const version = tag ?? (flags.allTags ? undefined : 'latest')
    const auth = await registryAuth(context.env, reference)
    const client = await connect(context)
    if (version === 'latest' && tag === undefined && !flags.quiet) print(context, 'Using default tag: latest\n')
    const { platform } = flags
    const messages = pullImage(
      client,
      {
        fromImage: name,
        ...(version === undefined ? {} : { tag: version }),
        ...(platform === undefined ? {} : { platform }),
      },
      { ...(auth === undefined ? {} : { auth }), signal: context.signal },
    )
    await showTransfer(context, messages, flags.quiet)
    const separator = version?.includes(':') ? '@' : ':'
    print(context, `${name}${version === undefined ? '' : `${separator}${version}`}\n`)
    return 0
  },
})
