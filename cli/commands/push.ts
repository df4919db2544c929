import { pushImage } from '../client/images.ts'
import { splitImageName } from '../session/image-name.ts'
import { type TransferPlan, transferServices } from '../session/transfer-services.ts'
import { defineCommand } from './definition.ts'

interface PushFlags {
  readonly ignorePushFailures?: true
  readonly includeDeps?: true
  readonly quiet?: true
}

/** Images that are built here go to their registry. */
export const pushPlan: TransferPlan = {
  title: 'push',
  words: ['Pushing', 'Pushed'],
  includesDependencies: false,
  ignoresFailures: false,
  isQuiet: false,
  skip: async (_client, service) => (service.build === undefined ? 'it is not built here' : undefined),
  transfer: (client, _service, reference, options) => {
    const { name, tag = 'latest' } = splitImageName(reference)
    return pushImage(client, name, { tag }, options)
  },
}

export const push = defineCommand<PushFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services whose images go to their registry (default: all that are built)')
      .option('--ignore-push-failures', 'go on when an image cannot be pushed')
      .option('--include-deps', 'images of services that they depend on too')
      .option('-q, --quiet', 'print nothing of the progress'),
  details:
    'A service is pushed when it has both "build" and "image". A single image, without a stack: "berth image push NAME".',
  examples: [{ line: 'berth push', means: 'publish what was built' }],
  handlesInterrupt: true,
  run: (context, services, flags) =>
    transferServices(context, services, {
      ...pushPlan,
      includesDependencies: flags.includeDeps === true,
      ignoresFailures: flags.ignorePushFailures === true,
      isQuiet: flags.quiet === true,
    }),
})
