import { pause as pauseStack, unpause as unpauseStack } from '../apply/lifecycle.ts'
import { runLifecycle } from '../session/lifecycle.ts'
import { defineCommand } from './definition.ts'

export const pause = defineCommand({
  configure: command => command.argument('[SERVICE...]', 'services to freeze (default: all)'),
  details: 'Frozen processes keep their memory and their connections, and get no processor time.',
  examples: [{ line: 'berth pause worker', means: 'hold a service still' }],
  handlesInterrupt: true,
  run: (context, services) =>
    runLifecycle(context, 'pause', [], (apply, stack) => pauseStack(apply, stack, { services })),
})

export const unpause = defineCommand({
  configure: command => command.argument('[SERVICE...]', 'services to let go on (default: all)'),
  examples: [{ line: 'berth unpause worker', means: 'let it go on' }],
  handlesInterrupt: true,
  run: (context, services) =>
    runLifecycle(context, 'unpause', [], (apply, stack) => unpauseStack(apply, stack, { services })),
})
