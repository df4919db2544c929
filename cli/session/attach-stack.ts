import type { EventMessage } from '../../schemas/api/events.ts'
import { errorTable } from '../../schemas/errors.ts'
import { stop } from '../apply/lifecycle.ts'
import { inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import { runUseCase } from './apply.ts'
import type { Context } from './context.ts'
import { followLogs } from './follow-logs.ts'
import { createLogPrinter } from './log-printer.ts'
import { serviceOf, shortNameOf, stackContainers } from './stack-containers.ts'

export interface AttachFlags {
  readonly abortOnContainerExit?: true
  readonly abortOnContainerFailure?: true
  readonly exitCodeFrom?: string
  readonly attach: readonly string[]
  readonly noAttach: readonly string[]
  readonly color: boolean
  readonly logPrefix: boolean
  readonly timestamps?: true
  readonly timeout?: number
}

/**
 * The second half of an attached `up`: shows the output of the containers until all have ended, until one ends that others depend on
 * (--abort-on-container-exit), or until Ctrl-C, which stops them; a second Ctrl-C leaves at once. Returns the exit code.
 */
export async function attachToStack(
  context: Context,
  client: EngineClient,
  project: Project,
  services: readonly string[],
  since: string,
  flags: AttachFlags,
): Promise<number> {
  const stack = { name: project.name, project }
  const containers = await stackContainers(client, stack, { services, all: true })
  const shown = containers.filter(container => isShown(project, serviceOf(container), flags))
  const followed = shown.map(container => ({ id: container.Id, name: shortNameOf(container, project.name) }))
  const live = new Set(
    containers.filter(({ State }) => State !== 'exited' && State !== 'dead').map(container => container.Id),
  )
  const printLine = createLogPrinter(
    context,
    followed.map(container => container.name),
    flags,
  )
  const end = new AbortController()
  const signal = AbortSignal.any([context.signal, end.signal])
  let exitCode = 0

  const onDie = async ({ Actor: { ID, Attributes } }: EventMessage): Promise<void> => {
    const code = Number(Attributes['exitCode'] ?? 0)
    if (await willRunAgain(client, ID)) return
    const service = Attributes[label.service] ?? ''
    context.stdout.write(
      `${shortNameOf({ Names: [`/${Attributes['name'] ?? ID}`], Id: ID }, project.name)} exited with code ${code}\n`,
    )
    live.delete(ID)
    if (service === flags.exitCodeFrom || (flags.abortOnContainerFailure && code !== 0)) exitCode = code
    const isAbort =
      flags.abortOnContainerExit || flags.exitCodeFrom !== undefined || (flags.abortOnContainerFailure && code !== 0)
    if (isAbort || live.size === 0) end.abort()
  }
  context.stderr.write(`Attaching to ${followed.map(container => container.name).join(', ') || 'nothing'}\n`)
  if (live.size > 0) {
    await followLogs(client, {
      stackName: project.name,
      containers: followed,
      tail: undefined,
      since,
      signal,
      onLine: printLine,
      accept: ({ Actor: { Attributes } }) =>
        isShown(project, Attributes[label.service] ?? '', flags)
          ? Attributes['name']?.replace(`${project.name}-`, '')
          : undefined,
      onEvent: event => {
        if (event.Action === 'start') live.add(event.Actor.ID)
        if (event.Action === 'die') onDie(event).catch(error => end.abort(error))
      },
    })
  }
  if (live.size > 0) await stopAll(context, client, stack, services, flags)
  return context.signal.aborted ? errorTable.CANCELLED.exitCode : exitCode
}

/** Stops the containers with a signal of its own: the one of the context is spent when Ctrl-C brought us here. */
async function stopAll(
  context: Context,
  client: EngineClient,
  stack: { readonly name: string; readonly project: Project },
  services: readonly string[],
  { timeout }: AttachFlags,
): Promise<void> {
  if (context.signal.aborted) context.stderr.write('Gracefully stopping... (press Ctrl+C again to force)\n')
  const fresh = { ...context, signal: new AbortController().signal }
  const options = { services, ...(timeout === undefined ? {} : { stopTimeoutSeconds: timeout }) }
  await runUseCase(fresh, client, { title: 'stop' }, apply => stop(apply, stack, options))
}

function isShown(project: Project, service: string, { attach, noAttach }: AttachFlags): boolean {
  if (noAttach.includes(service)) return false
  return attach.length > 0 ? attach.includes(service) : project.services[service]?.attach !== false
}

/** A container that died may be on its way up again by its restart policy. */
async function willRunAgain(client: EngineClient, id: string): Promise<boolean> {
  try {
    const { State } = await inspectContainer(client, id)
    return State.Restarting || State.Running
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}
