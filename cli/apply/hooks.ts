import type { ExecCreateRequest } from '../../schemas/api/exec.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { createExec, inspectExec, startExec } from '../client/exec.ts'
import { readOutput } from '../client/frames.ts'

/** How much of a hook's output an error shows. */
const tailLength = 500

/** Runs hooks one after the other inside a container; the first that does not end with 0 fails, in Compose's words and with the end of what it wrote. */
export async function runHooks(
  client: EngineClient,
  container: string,
  service: string,
  moment: 'post_start' | 'pre_stop',
  hooks: readonly ExecCreateRequest[] = [],
): Promise<void> {
  for (const hook of hooks) {
    const { Id } = await createExec(client, container, hook)
    const { socket, isMultiplexed } = await startExec(client, Id, {})
    let output = ''
    for await (const { data } of readOutput(socket, isMultiplexed)) output = (output + data).slice(-tailLength)
    const { ExitCode } = await inspectExec(client, Id)
    if (ExitCode === 0) continue
    const said = output.trim() === '' ? '' : `: ${output.trim()}`
    throw new BerthError(
      'CONFLICT',
      `${moment} ${JSON.stringify(hook.Cmd)}: ${service} hook exited with status ${ExitCode}${said}`,
    )
  }
}
