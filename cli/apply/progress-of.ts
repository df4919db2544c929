import type { Op, WaitOp } from '../plan/plan.ts'
import type { ProgressListener, ProgressText, ResourceKind } from './progress.ts'
import type { Outcome } from './report.ts'

type Words = readonly [begun: ProgressText, done: ProgressText]

/** What an op is called while it runs and when it is done; undefined = it is a part of another, which speaks for it. */
function wordsOf(op: Op): Words | undefined {
  switch (op.kind) {
    case 'image.pull':
      return ['Pulling', 'Pulled']
    case 'image.build':
      return ['Building', 'Built']
    case 'network.create':
    case 'volume.create':
      return ['Creating', 'Created']
    case 'image.remove':
    case 'network.remove':
    case 'volume.remove':
      return op.partOf === undefined ? ['Removing', 'Removed'] : undefined
    case 'container.create':
      return op.sign === '±' ? ['Recreate', 'Recreated'] : ['Creating', 'Created']
    case 'container.start':
      return ['Starting', 'Started']
    case 'container.stop':
      return ['Stopping', 'Stopped']
    case 'container.remove':
      return op.partOf === undefined ? ['Removing', 'Removed'] : undefined
    case 'container.rename':
      return undefined
    case 'container.restart':
      return ['Restarting', 'Started']
    case 'container.kill':
      return ['Killing', 'Killed']
    case 'container.pause':
      return ['Pausing', 'Paused']
    case 'container.unpause':
      return ['Unpausing', 'Unpaused']
    case 'wait':
      return ['Waiting', op.goal === 'completed' ? 'Exited' : 'Healthy']
    default:
      return op satisfies never
  }
}

interface Subject {
  readonly resource: ResourceKind
  readonly names: readonly string[]
  readonly service?: string
}

export function subjectOf(op: Op): Subject {
  switch (op.kind) {
    case 'image.build':
      return { resource: 'image', names: [op.reference], service: op.service }
    case 'image.pull':
    case 'image.remove':
      return { resource: 'image', names: [op.reference] }
    case 'network.create':
    case 'network.remove':
      return { resource: 'network', names: [op.name] }
    case 'volume.create':
    case 'volume.remove':
      return { resource: 'volume', names: [op.name] }
    case 'wait':
      return { resource: 'container', names: op.containers, service: op.service }
    default:
      return { resource: 'container', names: [op.name], service: op.service }
  }
}

/** Tells a listener how each op fares. */
export function progressOf(listener: ProgressListener, idOf: (name: string) => string | undefined) {
  const tell = (
    op: Op,
    text: ProgressText,
    state: 'working' | 'waiting' | 'done' | 'failed' | 'skipped',
    detail?: string,
  ): void => {
    const { resource, names, service } = subjectOf(op)
    for (const name of names) {
      const id =
        resource === 'container'
          ? (idOf(name) ?? ('id' in op && op.kind !== 'container.create' ? op.id : undefined))
          : undefined
      listener({
        kind: 'resource',
        resource,
        name,
        text,
        state,
        ...(id !== undefined && { id }),
        ...(service !== undefined && { service }),
        ...(detail !== undefined && { detail }),
      })
    }
  }
  return {
    begun(op: Op): void {
      const words = wordsOf(op)
      if (words !== undefined) tell(op, words[0], op.kind === 'wait' ? 'waiting' : 'working')
    },
    detail(op: Op, detail: string): void {
      const words = wordsOf(op)
      if (words !== undefined) tell(op, words[0], 'working', detail)
    },
    ended(op: Op, outcome: Outcome): void {
      const words = wordsOf(op)
      if (outcome.kind === 'failed') {
        if (op.kind === 'wait' && op.isOptional) tell(op, 'Skipped', 'skipped', optionalText(op, outcome.error.message))
        else if (outcome.error.code === 'CANCELLED') tell(op, 'Skipped', 'skipped', skippedText('cancelled'))
        else tell(op, 'Error', 'failed', outcome.error.message)
      } else if (words !== undefined) {
        if (outcome.kind === 'done') tell(op, words[1], 'done')
        else if (op.kind !== 'wait') tell(op, 'Skipped', 'skipped', skippedText(outcome.because))
      }
    },
  }
}

/** Compose's words. */
function optionalText({ service, goal }: WaitOp, message: string): string {
  const what = goal === 'completed' ? "didn't complete successfully" : 'failed to start'
  return `optional dependency "${service}" ${what}: ${message}`
}

/** `because` is the key of an op (see plan/keys.ts) or `cancelled`. */
function skippedText(because: string): string {
  const [kind, ...rest] = because.split('/')
  if (kind === 'cancelled') return 'interrupted'
  if (kind === 'wait') return `because service ${rest[0]} is not ${rest[1] === 'completed' ? 'done' : rest[1]}`
  return `because of ${kind} ${rest.slice(0, -1).join('/')}`
}
