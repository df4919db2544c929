import type { EventMessage } from '../../schemas/api/events.ts'
import { errorTable } from '../../schemas/errors.ts'
import { stop } from '../apply/lifecycle.ts'
import { inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import { selectServices } from '../plan/selection.ts'
import { runUseCase } from './apply.ts'
import type { Context } from './context.ts'
import { followLogs } from './follow-logs.ts'
import { LogFollower } from './log-follower.ts'
import { createLogPrinter } from './log-printer.ts'
import { serviceOf, shortNameOf, stackContainers } from './stack-containers.ts'

export interface AttachFlags {
  readonly abortOnContainerExit?: true
  readonly abortOnContainerFailure?: true
  readonly exitCodeFrom?: string
  readonly attach: readonly string[]
  readonly noAttach: readonly string[]
  readonly attachDependencies?: true
  readonly color: boolean
  readonly logPrefix: boolean
  readonly timestamps?: true
  readonly timeout?: number
}

/**
 * The second half of an attached `up`: shows the output of the containers until all have ended. Ctrl-C, or the end of a container with
 * --abort-on-container-exit and the like, stops them, and their last words are still shown. Returns the exit code.
 */
export async function attachToStack(
  context: Context,
  client: EngineClient,
  project: Project,
  services: readonly string[],
  since: string,
  flags: AttachFlags,
): Promise<number> {
  const watched = flags.attachDependencies ? withDependencies(project, services) : services
  const containers = await stackContainers(client, { name: project.name, project }, { services: watched, all: true })
  const shown = containers.filter(container => isShown(project, serviceOf(container), flags))
  const followed = shown.map(container => ({ id: container.Id, name: shortNameOf(container, project.name) }))
  const names = followed.map(container => container.name)
  const [allEnded, cutOff] = [new AbortController(), new AbortController()]
  const follower = new LogFollower(client, createLogPrinter(context, names, flags), cutOff.signal)
  const live = new Set(containers.filter(({ State }) => State !== 'exited' && State !== 'dead').map(({ Id }) => Id))
  let exitCode = 0
  let stopping: Promise<void> | undefined

  const stopAll = () => {
    stopping ??= stopStack(context, client, project, services, flags).then(isStopped => {
      if (!isStopped) cutOff.abort()
      allEnded.abort()
    })
  }
  const onDie = async ({ Actor: { ID, Attributes } }: EventMessage): Promise<void> => {
    if (await willRunAgain(client, ID)) return
    await follower.finished(ID)
    const code = Number(Attributes['exitCode'] ?? 0)
    context.stdout.write(`${Attributes['name']?.replace(`${project.name}-`, '')} exited with code ${code}\n`)
    live.delete(ID)
    const isFailure = flags.abortOnContainerFailure === true && code !== 0
    if (!stopping && (Attributes[label.service] === flags.exitCodeFrom || isFailure)) exitCode = code
    if (flags.abortOnContainerExit || flags.exitCodeFrom !== undefined || isFailure) stopAll()
    if (live.size === 0) allEnded.abort()
  }

  context.stderr.write(`Attaching to ${names.join(', ') || 'nothing'}\n`)
  context.signal.addEventListener('abort', stopAll)
  if (live.size === 0) allEnded.abort()
  if (context.signal.aborted) stopAll()
  try {
    await followLogs(client, follower, {
      stackName: project.name,
      containers: followed,
      start: { since },
      signal: allEnded.signal,
      nameOf: ({ Actor: { Attributes } }) =>
        isShown(project, Attributes[label.service] ?? '', flags)
          ? Attributes['name']?.replace(`${project.name}-`, '')
          : undefined,
      onEvent: event => {
        if (event.Action === 'start') live.add(event.Actor.ID)
        if (event.Action === 'die') onDie(event).catch(error => allEnded.abort(error))
      },
    })
  } finally {
    context.signal.removeEventListener('abort', stopAll)
  }
  await stopping
  return context.signal.aborted ? errorTable.CANCELLED.exitCode : exitCode
}

/** Stops the containers; true if all have stopped. Its signal is a new one: that of the context is spent when Ctrl-C brought us here. */
async function stopStack(
  context: Context,
  client: EngineClient,
  project: Project,
  services: readonly string[],
  { timeout }: AttachFlags,
): Promise<boolean> {
  if (context.signal.aborted) context.stderr.write('Gracefully stopping... (press Ctrl+C again to force)\n')
  const { globals } = context
  // Lines of output come in between: a block that is redrawn in place would be torn.
  const progress = globals.progress === 'auto' || globals.progress === 'tty' ? 'plain' : globals.progress
  const fresh = { ...context, globals: { ...globals, progress }, signal: new AbortController().signal } as const
  const options = { services, ...(timeout === undefined ? {} : { stopTimeoutSeconds: timeout }) }
  const code = await runUseCase(fresh, client, { title: 'stop' }, apply =>
    stop(apply, { name: project.name, project }, options),
  )
  return code === 0
}

function isShown(project: Project, service: string, { attach, noAttach }: AttachFlags): boolean {
  if (noAttach.includes(service)) return false
  return attach.length > 0 ? attach.includes(service) : project.services[service]?.attach !== false
}

/** The services with everything that they depend on; none named = all. */
function withDependencies(project: Project, services: readonly string[]): readonly string[] {
  return services.length === 0 ? [] : selectServices(project, services, false).services.map(service => service.name)
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
