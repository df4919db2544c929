import { BerthError } from '../../../schemas/errors.ts'
import {
  killContainer,
  pauseContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from '../../client/containers.ts'
import { attachToContainer } from '../../session/attach-container.ts'
import { connect } from '../../session/connect.ts'
import { forEachName } from '../../session/for-each.ts'
import { integer } from '../../session/globals.ts'
import { defineCommand } from '../definition.ts'

interface StartFlags {
  readonly attach?: true
  readonly detachKeys?: string
  readonly interactive?: true
}

export const containerStart = defineCommand<StartFlags>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('-a, --attach', 'show what it prints, and end with its exit code')
      .option('-i, --interactive', 'pass standard input on')
      .option('--detach-keys <keys>', 'keys that leave it running (default: ctrl-p,ctrl-q)'),
  examples: [{ line: 'berth container start -a job', means: 'run a container again and see its output' }],
  handlesInterrupt: true,
  async run(context, names, { attach, interactive, detachKeys }) {
    const client = await connect(context)
    if (!attach && !interactive) return forEachName(context, names, name => startContainer(client, name))
    const [name = '', another] = names
    if (another !== undefined) throw new BerthError('USAGE', 'only one container can be attached to at a time')
    return attachToContainer(context, client, name, {
      stdin: interactive === true,
      detachKeys,
      sigProxy: true,
      start: () => startContainer(client, name),
    })
  },
})

interface StopFlags {
  readonly signal?: string
  readonly timeout?: number
}

const timeoutText = 'how long it may take to stop before it is killed, -1 for ever'

export const containerStop = defineCommand<StopFlags>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('-s, --signal <name>', 'signal to send (default: that of the container)')
      .option('-t, --timeout <seconds>', timeoutText, integer(-1)),
  examples: [{ line: 'berth container stop -t 2 shop-api-1', means: 'stop within two seconds' }],
  async run(context, names, { timeout, signal }) {
    const client = await connect(context)
    return forEachName(context, names, name => stopContainer(client, name, timeout, { signalName: signal }))
  },
})

export const containerRestart = defineCommand<StopFlags>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('-s, --signal <name>', 'signal to send (default: that of the container)')
      .option('-t, --timeout <seconds>', timeoutText, integer(-1)),
  examples: [{ line: 'berth container restart shop-api-1', means: 'stop and start' }],
  async run(context, names, { timeout, signal }) {
    const client = await connect(context)
    return forEachName(context, names, name => restartContainer(client, name, timeout, { signalName: signal }))
  },
})

export const containerKill = defineCommand<{ readonly signal: string }>({
  configure: command =>
    command
      .argument('<CONTAINER...>', 'names or ids')
      .option('-s, --signal <name>', 'signal to send, by name or number', 'SIGKILL'),
  examples: [{ line: 'berth container kill -s HUP shop-web-1', means: 'make a server read its files again' }],
  async run(context, names, { signal }) {
    const client = await connect(context)
    return forEachName(context, names, name => killContainer(client, name, signal))
  },
})

export const containerPause = defineCommand({
  configure: command => command.argument('<CONTAINER...>', 'names or ids'),
  examples: [{ line: 'berth container pause shop-api-1', means: 'freeze its processes' }],
  async run(context, names) {
    const client = await connect(context)
    return forEachName(context, names, name => pauseContainer(client, name))
  },
})

export const containerUnpause = defineCommand({
  configure: command => command.argument('<CONTAINER...>', 'names or ids'),
  examples: [{ line: 'berth container unpause shop-api-1', means: 'let them go on' }],
  async run(context, names) {
    const client = await connect(context)
    return forEachName(context, names, name => unpauseContainer(client, name))
  },
})
