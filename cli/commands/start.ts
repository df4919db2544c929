import { start as startStack } from '../apply/lifecycle.ts'
import { integer } from '../session/globals.ts'
import { runLifecycle } from '../session/lifecycle.ts'
import { defineCommand } from './definition.ts'

interface StartFlags {
  readonly wait?: true
  readonly waitTimeout?: number
}

export const start = defineCommand<StartFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to start (default: all)')
      .option('--wait', 'wait until they are running, or healthy')
      .option('--wait-timeout <seconds>', 'how long to wait', integer(1)),
  details: 'Starts containers that are there already; "berth up -d" makes those that are missing.',
  examples: [{ line: 'berth start worker', means: 'start the stopped containers of a service' }],
  handlesInterrupt: true,
  run: (context, services, { wait = false, waitTimeout }) =>
    runLifecycle(context, 'start', services, (apply, stack) =>
      startStack(apply, stack, {
        services,
        wait,
        ...(waitTimeout === undefined ? {} : { waitTimeoutMs: waitTimeout * 1000 }),
      }),
    ),
})
