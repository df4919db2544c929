import { kill as killStack } from '../apply/lifecycle.ts'
import { runLifecycle } from '../session/lifecycle.ts'
import { defineCommand } from './definition.ts'

interface KillFlags {
  readonly signal: string
  readonly removeOrphans?: true
}

export const kill = defineCommand<KillFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services to signal (default: all)')
      .option('-s, --signal <name>', 'signal to send, by name or number', 'SIGKILL')
      .option('--remove-orphans', 'containers too of services that the file no longer has'),
  examples: [
    { line: 'berth kill -s HUP web', means: 'make a server read its files again' },
    { line: 'berth kill', means: 'end everything at once' },
  ],
  handlesInterrupt: true,
  run: (context, services, { signal, removeOrphans = false }) =>
    runLifecycle(context, 'kill', services, (apply, stack) =>
      killStack(apply, stack, { services, killSignal: signal, removeOrphans }),
    ),
})
