import { stop as stopStack } from '../apply/lifecycle.ts'
import { integer } from '../session/globals.ts'
import { runLifecycle } from '../session/lifecycle.ts'
import { defineCommand } from './definition.ts'

interface StopFlags {
  readonly timeout?: number
}

export const stop = defineCommand<StopFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to stop (default: all)')
      .option('-t, --timeout <seconds>', 'how long a container may take before it is killed', integer(0)),
  details:
    'Containers are stopped before those that they depend on, each level at the same time, and are kept: "berth start" starts them again.',
  examples: [{ line: 'berth stop -t 2', means: 'stop the stack within two seconds' }],
  handlesInterrupt: true,
  run: (context, services, { timeout }) =>
    runLifecycle(context, 'stop', services, (apply, stack) =>
      stopStack(apply, stack, { services, ...(timeout === undefined ? {} : { stopTimeoutSeconds: timeout }) }),
    ),
})
