import type { ObservedContainer } from '../observe/observed.ts'
import { type ContainerVerb, key } from './keys.ts'
import type { ContainerCreateOp, Op, Reason, Sign } from './plan.ts'

/** What ops wait for. */
export interface Gate {
  readonly needs: readonly string[]
  readonly after: readonly string[]
}

export const openGate: Gate = { needs: [], after: [] }

export const joinGates = (...gates: readonly Gate[]): Gate => ({
  needs: [...new Set(gates.flatMap(gate => gate.needs))],
  after: [...new Set(gates.flatMap(gate => gate.after))],
})

/** The members that every op on a container has. `id` is left out for containers that are yet to be made. */
export function containerOp<Kind extends string>(
  kind: Kind,
  container: { readonly name: string; readonly service: string; readonly id?: string },
  gate: Gate,
  sign: Sign,
  why: readonly Reason[],
  partOf?: string,
): {
  readonly kind: Kind
  readonly key: string
  readonly needs: readonly string[]
  readonly after: readonly string[]
  readonly sign: Sign
  readonly why: readonly Reason[]
  readonly service: string
  readonly name: string
  readonly id?: string
  readonly partOf?: string
} {
  const { name, service, id } = container
  const verb = kind.slice('container.'.length) as ContainerVerb
  return {
    kind,
    key: key.container(name, verb),
    needs: gate.needs,
    after: gate.after,
    sign,
    why,
    service,
    name,
    ...(id !== undefined && { id }),
    ...(partOf !== undefined && { partOf }),
  }
}

const isUp = ({ state }: ObservedContainer): boolean => state === 'running' || state === 'restarting'

/** Takes a container away: a stop with its grace period if it runs, then the remove. A paused one cannot answer a stop: it is killed. */
export function removalOps(
  container: ObservedContainer,
  gate: Gate,
  why: readonly Reason[],
  options: {
    readonly timeoutSeconds: number | undefined
    readonly removeVolumes: boolean
    readonly partOf?: string
  },
): readonly Op[] {
  const { timeoutSeconds, removeVolumes, partOf } = options
  const removeKey = key.container(container.name, 'remove')
  const remove = (removeGate: Gate) => ({
    ...containerOp('container.remove', container, removeGate, '-', why, partOf),
    force: true,
    removeVolumes,
  })
  if (!isUp(container)) return [remove(gate)]
  // With no grace period the forced remove kills just as well, in one call.
  if (timeoutSeconds === 0) return [{ ...remove(gate), isRunning: true }]
  const stop: Op = { ...containerOp('container.stop', container, gate, '-', why, partOf ?? removeKey), timeoutSeconds }
  return [stop, remove({ needs: [stop.key], after: [] })]
}

export interface Replacement {
  readonly container: ObservedContainer
  readonly create: Omit<ContainerCreateOp, 'needs' | 'after' | 'createName'>
  /** What the create waits for, and what has to hold before the old one is stopped and the new one started. */
  readonly createGate: Gate
  readonly startGate: Gate
  readonly isRemovedFirst: boolean
  /** The old one must be down before what it depends on goes: it cannot wait for that to be up again. */
  readonly isStoppedEarly: boolean
  readonly isStarted: boolean
  readonly isJob: boolean
  readonly timeoutSeconds: number | undefined
  readonly removeVolumes: boolean
}

/**
 * Replaces a container. As a rule: make the new one beside the old under a temporary name (so that a mistake in it costs nothing), then
 * stop and remove the old one when everything that the new one waits for is there, rename, start. Where that cannot be: remove first.
 */
export function replacementOps(replacement: Replacement): readonly Op[] {
  const { container, create, createGate, startGate, isRemovedFirst, isStarted, isJob, timeoutSeconds, removeVolumes } =
    replacement
  const { name, service } = create
  const removal = { timeoutSeconds, removeVolumes, partOf: create.key }
  const why = [{ text: 'makes way for its replacement' }]
  const start = (needs: readonly string[]): readonly Op[] =>
    isStarted
      ? [
          {
            ...containerOp(
              'container.start',
              { name, service },
              joinGates({ needs, after: [] }, startGate),
              '+',
              [],
              create.key,
            ),
            isJob,
          },
        ]
      : []
  if (isRemovedFirst) {
    const removed = removalOps(container, openGate, why, removal)
    const gate = joinGates(createGate, { needs: [key.container(name, 'remove')], after: [] })
    return [...removed, { ...create, ...gate, createName: name }, ...start([create.key])]
  }
  const createName = `${container.id.slice(0, 12)}_${name}`
  const made: Gate = { needs: [create.key], after: [] }
  const removed = removalOps(container, replacement.isStoppedEarly ? made : joinGates(made, startGate), why, removal)
  const rename: Op = {
    ...containerOp(
      'container.rename',
      { name, service },
      { needs: [key.container(name, 'remove')], after: [] },
      '+',
      [],
      create.key,
    ),
    from: createName,
  }
  return [{ ...create, ...createGate, createName }, ...removed, rename, ...start([rename.key])]
}
