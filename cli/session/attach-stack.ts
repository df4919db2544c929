import type { ContainerSummary } from '../../schemas/api/containers.ts'
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
import { type Ended, endedSince, endOf, lastCodeOf } from './ended-containers.ts'
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
 * The second half of an attached `up`: shows the output of the containers until those that count have ended. Ctrl-C, or the end of a container with
 * --abort-on-container-exit and the like, stops them, and their last words are still shown. Returns the exit code. `since` is when `up` began:
 * what has ended after that has its end told here too.
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
  const eventsSince = `${Date.now() / 1000}`
  const containers = await stackContainers(client, { name: project.name, project }, { services: watched, all: true })
  const ended = await endedSince(client, containers, Number(since) * 1000)
  const shown = containers.filter(container => isShown(project, serviceOf(container), flags))
  const followed = shown.map(container => ({ id: container.Id, name: shortNameOf(container, project.name) }))
  const names = followed.map(container => container.name)
  const [allEnded, cutOff] = [new AbortController(), new AbortController()]
  const follower = new LogFollower(client, createLogPrinter(context, names, { ...flags, isSplit: true }), cutOff.signal)
  const isAwaited = awaiting(project, services, flags)
  const isLive = (container: ContainerSummary): boolean =>
    container.State !== 'exited' && container.State !== 'dead' && isAwaited(serviceOf(container))
  const running = containers.filter(isLive)
  const live = new Set([
    ...running.map(({ Id }) => Id),
    ...ended.filter(({ service }) => isAwaited(service)).map(({ id }) => id),
  ])
  const shortName = (name: string | undefined): string =>
    (name ?? '').replace(`${project.name}${project.separator}`, '')
  const counting = new Set([...live])
  // Those that do not count go on, and so do their logs: they are cut off behind the last words of the others.
  const cutOthersOff = async (): Promise<void> => {
    await Promise.all([...counting].map(id => follower.finished(id)))
    cutOff.abort()
  }
  let exitCode = 0
  let stopping: Promise<void> | undefined

  const stopAll = () => {
    stopping ??= stopStack(context, client, project, services, flags).then(isStopped => {
      if (isStopped) void cutOthersOff()
      else cutOff.abort()
      allEnded.abort()
    })
  }
  const onEnd = async ({ id, name, service, code }: Ended): Promise<void> => {
    if (!live.has(id) || (await willRunAgain(client, id))) return
    await follower.finished(id)
    if (!live.delete(id)) return
    context.stdout.write(`${shortName(name)} exited with code ${code}\n`)
    const isDeciding = flags.exitCodeFrom === undefined || flags.exitCodeFrom === service
    const isFailure = flags.abortOnContainerFailure === true && code !== 0
    const isAborting = flags.abortOnContainerExit || flags.exitCodeFrom !== undefined || isFailure
    if (!stopping && isAborting) {
      if (isDeciding) exitCode = code
      context.stderr.write('Aborting on container exit...\n')
      stopAll()
    }
    if (live.size > 0) return
    allEnded.abort()
    if (!stopping) void cutOthersOff()
  }
  // One after the other, in the order of the ends: the first one decides.
  let telling: Promise<void> = Promise.resolve()
  const tell = (end: Ended): void => {
    telling = telling.then(() => onEnd(end)).catch(error => allEnded.abort(error))
  }

  context.stdout.write(`Attaching to ${names.join(', ') || 'nothing'}\n`)
  if (containers.length === 0) return 0
  context.signal.addEventListener('abort', stopAll)
  if (live.size === 0) allEnded.abort()
  if (context.signal.aborted) stopAll()
  try {
    await followLogs(client, follower, {
      stackName: project.name,
      containers: followed,
      start: { since },
      eventsSince,
      signal: allEnded.signal,
      nameOf: ({ Actor: { Attributes } }) =>
        isShown(project, Attributes[label.service] ?? '', flags) ? shortName(Attributes['name']) : undefined,
      onFollowing: () => ended.forEach(tell),
      onEvent: event => {
        if (event.Action === 'start' && isAwaited(event.Actor.Attributes[label.service] ?? '')) {
          live.add(event.Actor.ID)
          counting.add(event.Actor.ID)
        }
        if (event.Action === 'die') tell(endOf(event))
      },
    })
  } finally {
    context.signal.removeEventListener('abort', stopAll)
  }
  await stopping
  await telling
  if (context.signal.aborted) return errorTable.CANCELLED.exitCode
  return flags.exitCodeFrom === undefined ? exitCode : lastCodeOf(client, containers, flags.exitCodeFrom)
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

/**
 * Whose ends count: those of the services that were named, else those whose output is shown, and the one that gives the exit code. Where no
 * output is shown at all, everyone's.
 */
function awaiting(project: Project, services: readonly string[], flags: AttachFlags): (service: string) => boolean {
  const { exitCodeFrom } = flags
  const isChosen = (service: string): boolean =>
    service === exitCodeFrom || (services.length > 0 ? services.includes(service) : isShown(project, service, flags))
  return Object.keys(project.services).some(isChosen) ? isChosen : () => true
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
