import type { Plan } from '../plan/plan.ts'

export type ResourceKind = 'container' | 'network' | 'volume' | 'image' | 'provider'

/** The words that Compose prints, and that scripts look for. */
export type ProgressText =
  | 'Pulling'
  | 'Building'
  | 'Built'
  | 'Pulled'
  | 'Pushing'
  | 'Pushed'
  | 'Loading'
  | 'Loaded'
  | 'Creating'
  | 'Created'
  | 'Recreate'
  | 'Recreated'
  | 'Starting'
  | 'Started'
  | 'Running'
  | 'Waiting'
  | 'Healthy'
  | 'Exited'
  | 'Stopping'
  | 'Stopped'
  | 'Restarting'
  | 'Removing'
  | 'Removed'
  | 'Killing'
  | 'Killed'
  | 'Pausing'
  | 'Paused'
  | 'Unpausing'
  | 'Unpaused'
  | 'Skipped'
  | 'Error'

/** What became of one thing so far. The last event for a (resource, name) counts; a renderer takes the time itself. */
export interface ResourceProgress {
  readonly kind: 'resource'
  readonly resource: ResourceKind
  readonly name: string
  readonly text: ProgressText
  readonly state: 'working' | 'waiting' | 'done' | 'failed' | 'skipped'
  /** Full id of the container, from the moment it is known. */
  readonly id?: string
  readonly service?: string
  /** Why it failed or was skipped, what it waits for, or how far a pull is. */
  readonly detail?: string
}

/** A line that a build has said. */
export const isBuildOutput = (event: ProgressEvent): boolean =>
  event.kind === 'resource' && event.text === 'Building' && event.state === 'working' && event.detail !== undefined

export type ProgressEvent =
  /** First of all: what is going to be done. */
  | { readonly kind: 'plan'; readonly plan: Plan }
  | ResourceProgress
  | { readonly kind: 'warning'; readonly message: string }

export type ProgressListener = (event: ProgressEvent) => void
