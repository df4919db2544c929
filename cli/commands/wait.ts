import { BerthError } from '../../schemas/errors.ts'
import { down } from '../apply/down.ts'
import { waitContainer } from '../client/containers.ts'
import { runUseCase } from '../session/apply.ts'
import { connect } from '../session/connect.ts'
import { print } from '../session/context.ts'
import { stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { defineCommand } from './definition.ts'

export const wait = defineCommand<{ readonly downProject?: true }>({
  configure: command =>
    command
      .argument('<SERVICE...>', 'services whose containers are waited for')
      .option('--down-project', 'take the stack down when the first of them stops'),
  details: 'Returns when every container of the services has stopped, with the exit code of the last one.',
  examples: [{ line: 'berth wait migrate && berth logs migrate', means: 'go on when a job is done' }],
  handlesInterrupt: true,
  async run(context, services, { downProject }) {
    const stack = await findStack(context, services)
    const client = await connect(context)
    const containers = await stackContainers(client, stack, { services })
    if (containers.length === 0)
      throw new BerthError('NOT_FOUND', `no running container of ${services.join(', ')}`, {
        hint: '"berth ps -a" shows what became of them',
      })
    let exitCode = 0
    const waiting = containers.map(async ({ Id }) => {
      const { exit } = await waitContainer(client, Id, 'not-running', { signal: context.signal })
      const { StatusCode } = await exit
      print(context, `container "${Id}" exited with status code ${StatusCode}\n`)
      exitCode = StatusCode
    })
    try {
      await (downProject ? Promise.race(waiting) : Promise.all(waiting))
    } catch (error) {
      if (context.signal.aborted) return 130
      throw error
    }
    if (!downProject) return exitCode
    // The other waits end with the containers that are removed now; nobody asks for their codes.
    for (const other of waiting) other.catch(() => {})
    const firstCode = exitCode
    const code = await runUseCase(context, client, { title: 'down' }, apply =>
      down(apply, stack.project ?? stack.name, {}),
    )
    return code === 0 ? firstCode : code
  },
})
