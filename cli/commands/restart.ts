import { restart as restartStack } from '../apply/lifecycle.ts'
import { integer } from '../session/globals.ts'
import { runLifecycle } from '../session/lifecycle.ts'
import { defineCommand } from './definition.ts'

interface RestartFlags {
  readonly deps: boolean
  readonly timeout?: number
}

export const restart = defineCommand<RestartFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to restart (default: all)')
      .option('--no-deps', 'leave services alone that depend on them with "restart: true"')
      .option('-t, --timeout <seconds>', 'how long a container may take to stop before it is killed', integer(0)),
  details: 'The containers stay the same: what has changed in the stack file is taken over by "berth up".',
  examples: [{ line: 'berth restart web', means: 'stop and start the containers of a service' }],
  handlesInterrupt: true,
  run: (context, services, { deps, timeout }) =>
    runLifecycle(context, 'restart', services, (apply, stack) =>
      restartStack(apply, stack, {
        services,
        noDeps: !deps,
        ...(timeout === undefined ? {} : { stopTimeoutSeconds: timeout }),
      }),
    ),
})
