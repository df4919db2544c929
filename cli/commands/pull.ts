import { Option } from 'commander'
import { inspectImage, pullImage } from '../client/images.ts'
import type { Service } from '../model/project.ts'
import { choice } from '../session/globals.ts'
import { splitImageName } from '../session/image-name.ts'
import { transferServices } from '../session/transfer-services.ts'
import { defineCommand } from './definition.ts'

interface PullFlags {
  readonly ignoreBuildable?: true
  readonly ignorePullFailures?: true
  readonly includeDeps?: true
  readonly policy: 'always' | 'missing'
  readonly quiet?: true
}

export const pull = defineCommand<PullFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services whose images are wanted (default: all)')
      .option('--ignore-buildable', 'leave images alone that can be built')
      .option('--ignore-pull-failures', 'go on when an image cannot be pulled')
      .option('--include-deps', 'images of services that they depend on too')
      .addOption(choice('--policy <when>', 'which images to pull', ['always', 'missing'], 'always'))
      .option('-q, --quiet', 'print nothing of the progress')
      .addOption(new Option('--parallel', 'no effect: it always does').hideHelp())
      .addOption(new Option('--no-parallel', 'no effect, as in Compose').hideHelp()),
  details: 'A single image, without a stack: "berth image pull NAME".',
  examples: [{ line: 'berth pull web', means: 'the newest image of a service; "berth up" then uses it' }],
  handlesInterrupt: true,
  run: (context, services, flags) =>
    transferServices(context, services, {
      title: 'pull',
      words: ['Pulling', 'Pulled'],
      includesDependencies: flags.includeDeps === true,
      ignoresFailures: flags.ignorePullFailures === true,
      isQuiet: flags.quiet === true,
      skip: async (client, service, reference) => {
        if (flags.ignoreBuildable && service.build) return 'it can be built'
        if (flags.policy === 'always' && !['never', 'build'].includes(service.pullPolicy ?? '')) return undefined
        if (flags.policy === 'always') return `pull_policy: ${service.pullPolicy}`
        return inspectImage(client, reference).then(
          () => 'it is there',
          () => undefined,
        )
      },
      transfer: (client, service: Service, reference, options) => {
        const { name, tag = 'latest' } = splitImageName(reference)
        const { platform } = service
        return pullImage(client, { fromImage: name, tag, ...(platform === undefined ? {} : { platform }) }, options)
      },
    }),
})
