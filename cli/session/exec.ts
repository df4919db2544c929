import type { EngineClient } from '../client/engine-client.ts'
import { createExec, inspectExec, resizeExec, startExec, startExecDetached } from '../client/exec.ts'
import type { Context } from './context.ts'
import { runTerminal } from './terminal.ts'

export interface ExecOptions {
  readonly command: readonly string[]
  /** `NAME=value`, or `NAME` for the caller's own value; where the caller has none, the bare name takes the variable away. */
  readonly environment: readonly string[]
  readonly isDetached: boolean
  readonly detachKeys: string | undefined
  readonly interactive: boolean
  readonly tty: boolean
  readonly privileged: boolean
  readonly user: string
  readonly workingDir: string
}

/** Runs a program in a running container, joined with the caller's terminal; returns its exit code. */
export async function runExec(
  context: Context,
  client: EngineClient,
  containerId: string,
  options: ExecOptions,
): Promise<number> {
  const { command, environment, isDetached, detachKeys, interactive, tty, privileged, user, workingDir } = options
  const isAttached = !isDetached
  const { Id: execId } = await createExec(client, containerId, {
    AttachStdin: isAttached && interactive,
    AttachStdout: isAttached,
    AttachStderr: isAttached,
    Tty: isAttached && tty,
    ...(detachKeys === undefined ? {} : { DetachKeys: detachKeys }),
    Cmd: [...command],
    Env: environment.map(variable => withValue(variable, context.env) ?? variable),
    Privileged: privileged,
    User: user,
    WorkingDir: workingDir,
  })
  if (!isAttached) {
    await startExecDetached(client, execId)
    return 0
  }
  const { rows, columns } = context.stdout
  const size = tty && rows && columns ? { ConsoleSize: [rows, columns] } : {}
  const stream = await startExec(client, execId, { Tty: tty, ...size })
  const resize = (height: number, width: number) => resizeExec(client, execId, height, width)
  await runTerminal(stream, { ...context, tty, interactive, resize })
  if (context.signal.aborted) return 130
  const { ExitCode } = await inspectExec(client, execId)
  return ExitCode ?? 0
}

/** `-e NAME` passes the caller's own value on; undefined where there is none. */
export function withValue(variable: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (variable.includes('=')) return variable
  const value = env[variable]
  return value === undefined ? undefined : `${variable}=${value}`
}
