import type { EventMessage } from '../../schemas/api/events.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { openEvents } from '../client/events.ts'
import { label } from '../model/labels.ts'
import { type FollowedContainer, type LogFollower, type LogStart, latestStart } from './log-follower.ts'

export interface FollowOptions {
  readonly stackName: string
  /** Containers that are there now, and where their logs are taken up. */
  readonly containers: readonly FollowedContainer[]
  readonly start: LogStart
  /** Events from this moment on are told too (seconds since 1970): when the containers were listed, so that none is missed. */
  readonly eventsSince?: string
  /** The logs are being followed; before the first event. */
  readonly onFollowing?: () => void
  /** The name under which a container that starts later is followed too; undefined = not. */
  readonly nameOf: (event: EventMessage) => string | undefined
  /** Sees every container event of the stack after its effect on the following. */
  readonly onEvent?: (event: EventMessage) => void
  /** Ends the watching; logs that are being read go on to their ends. */
  readonly signal: AbortSignal
}

/** Follows the logs of a stack: those of its containers now, and of all that start while `signal` is not aborted, from their starts on. */
export async function followLogs(client: EngineClient, follower: LogFollower, options: FollowOptions): Promise<void> {
  const { signal, stackName } = options
  const filters = { type: ['container'], label: [`${label.project}=${stackName}`, `${label.oneOff}=False`] }
  const { eventsSince: from } = options
  const events = await openEvents(client, { filters, ...(from !== undefined && { since: from }) }, { signal })
  for (const container of options.containers) follower.follow(container, options.start)
  options.onFollowing?.()
  try {
    for await (const event of events) {
      const name = event.Action === 'start' ? options.nameOf(event) : undefined
      if (name !== undefined) follower.follow({ id: event.Actor.ID, name }, latestStart)
      options.onEvent?.(event)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  await follower.settled()
}
