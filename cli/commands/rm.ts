import { Option } from 'commander'
import { remove as removeStack } from '../apply/lifecycle.ts'
import { confirm } from '../session/confirm.ts'
import { connect } from '../session/connect.ts'
import { type Context, print } from '../session/context.ts'
import { runLifecycle } from '../session/lifecycle.ts'
import { nameOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { defineCommand } from './definition.ts'

interface RmFlags {
  readonly force?: true
  readonly stop?: true
  readonly volumes?: true
}

export const rm = defineCommand<RmFlags>({
  configure: command =>
    command
      .argument('[SERVICE...]', 'services whose containers go (default: all)')
      .addOption(new Option('-a, --all', 'no effect, as in Compose').hideHelp())
      .option('-f, --force', 'do not ask')
      .option('-s, --stop', 'stop running ones first')
      .option('-v, --volumes', 'remove anonymous volumes too'),
  examples: [{ line: 'berth rm -f', means: 'remove what has stopped' }],
  handlesInterrupt: true,
  async run(context, services, { force, stop = false, volumes = false }) {
    if (!(await isConfirmed(context, services, stop, force === true))) return 0
    return runLifecycle(context, 'rm', services, (apply, stack) =>
      removeStack(apply, stack, { services, stopFirst: stop, removeVolumes: volumes }),
    )
  },
})

/** Says what would go, and asks once unless forced; false when there is nothing to remove, or the answer is no. */
async function isConfirmed(
  context: Context,
  services: readonly string[],
  stop: boolean,
  isForced: boolean,
): Promise<boolean> {
  const stack = await findStack(context, services)
  const containers = await stackContainers(await connect(context), stack, { services, all: true, oneOff: true })
  const names = containers
    .filter(container => stop || !['running', 'paused', 'restarting'].includes(container.State))
    .map(nameOf)
  if (names.length === 0) {
    context.stderr.write('No stopped containers\n')
    return false
  }
  if (isForced) {
    print(context, `Going to remove ${names.join(', ')}\n`)
    return true
  }
  return confirm(context, `Going to remove ${names.join(', ')}\nAre you sure?`, '"berth rm -f"')
}
