import { BerthError } from '../../schemas/errors.ts'
import type { Op, Plan } from '../plan/plan.ts'
import { ContainerWatch } from './container-watch.ts'
import { defaultMonitorMs, earlyDeaths } from './early-deaths.ts'
import { failuresOf, isOptionalWait } from './failures.ts'
import { executeOp, type OpSession } from './ops.ts'
import { progressOf } from './progress-of.ts'
import type { ApplyReport, Failure, OpResult } from './report.ts'
import { schedule } from './scheduler.ts'
import type { ApplyContext } from './use-cases.ts'

export interface ApplyPlanOptions {
  readonly files?: ReadonlyMap<string, Buffer>
  /** For waiting of every kind; starts with the run. */
  readonly waitTimeoutMs?: number
  /** After the last start, watch this long for containers that go down at once; 0 = do not look. */
  readonly monitorMs?: number
}

const defaultParallel = 16

/** Carries out a plan and reports what became of every op. Throws only when not even the event stream can be had. */
export async function applyPlan(
  context: ApplyContext,
  plan: Plan,
  options: ApplyPlanOptions = {},
): Promise<ApplyReport & { readonly ids: ReadonlyMap<string, string> }> {
  const { client, onProgress, parallel = defaultParallel } = context
  onProgress({ kind: 'plan', plan })
  for (const message of plan.warnings) onProgress({ kind: 'warning', message })
  for (const { name, id, service, isDone, isStopped } of plan.unchanged) {
    const text = isStopped ? 'Stopped' : isDone ? 'Exited' : 'Running'
    onProgress({ kind: 'resource', resource: 'container', name, id, service, text, state: 'done' })
  }
  const ids = new Map<string, string>()
  if (plan.ops.length === 0) return { results: [], failures: [], isCancelled: false, ids }

  const watch = plan.ops.some(needsWatch) ? ContainerWatch.open(client, plan.project) : undefined
  // Awaited by the ops that need it; without this line a failure before that would count as unhandled.
  watch?.catch(() => {})
  const progress = progressOf(onProgress, name => ids.get(name))
  const deadline = options.waitTimeoutMs === undefined ? undefined : startDeadline(options.waitTimeoutMs)
  const session: OpSession = {
    client,
    files: options.files ?? new Map(),
    watch,
    registryAuth: context.registryAuth,
    sshAgent: context.sshAgent,
    digestsFolder: context.digestsFolder,
    signal: joinSignals(interruption(context.signal), deadline?.signal),
    ids,
    imageIds: new Map(),
    onDetail: progress.detail,
  }
  const begin = (op: Op): Promise<void> => {
    progress.begun(op)
    return executeOp(op, session)
  }
  try {
    const results = await schedule(plan.ops, {
      execute: begin,
      parallel,
      ...(context.signal && { signal: context.signal }),
      onOutcome: progress.ended,
    })
    const failures = await failuresOf(client, results)
    // If the stream could not be had, the starts that need it have failed with the reason.
    const opened = await watch?.catch(() => undefined)
    const monitorMs = options.monitorMs ?? defaultMonitorMs((await client.facts()).isBerth)
    const dead = opened === undefined ? [] : await deaths(context, opened, results, ids, monitorMs)
    const isCancelled = context.signal?.aborted === true && results.some(({ outcome }) => outcome.kind !== 'done')
    return { results, failures: withoutDoubles(failures, dead), isCancelled, ids }
  } finally {
    deadline?.end()
    watch?.then(
      opened => opened.close(),
      () => {},
    )
  }
}

const needsWatch = ({ kind }: Op): boolean =>
  kind === 'container.start' || kind === 'container.restart' || kind === 'wait'

async function deaths(
  { client, signal, onProgress }: ApplyContext,
  watch: ContainerWatch,
  results: readonly OpResult[],
  ids: ReadonlyMap<string, string>,
  monitorMs: number,
): Promise<readonly Failure[]> {
  if (monitorMs === 0) return []
  const optional = new Set(results.flatMap(({ op }) => (op.kind === 'wait' && isOptionalWait(op) ? [op.service] : [])))
  const started = new Map<string, { readonly name: string; readonly service: string }>()
  for (const { op, outcome } of results) {
    if (op.kind !== 'container.start' || outcome.kind !== 'done' || optional.has(op.service)) continue
    const id = ids.get(op.name) ?? op.id
    if (id !== undefined) started.set(id, { name: op.name, service: op.service })
  }
  const failures = await earlyDeaths(client, watch, started, monitorMs, signal)
  for (const { subject, error, service = '' } of failures) {
    const name = subject.slice('container '.length)
    onProgress({
      kind: 'resource',
      resource: 'container',
      name,
      service,
      text: 'Error',
      state: 'failed',
      detail: error.message,
    })
  }
  return failures
}

/** A container that crashed and was waited for is one failure, not two. */
function withoutDoubles(failures: readonly Failure[], dead: readonly Failure[]): readonly Failure[] {
  const told = new Set(
    failures.flatMap(({ subject, service }) =>
      !subject.startsWith('container ') && service !== undefined ? [service] : [],
    ),
  )
  return [...failures, ...dead.filter(({ service }) => service === undefined || !told.has(service))]
}

/** The caller's signal, with a reason that is one of ours. */
function interruption(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined
  const controller = new AbortController()
  const abort = (): void => controller.abort(new BerthError('CANCELLED', 'interrupted'))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true, signal: controller.signal })
  return controller.signal
}

function startDeadline(milliseconds: number): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController()
  const reason = new BerthError('TIMEOUT', `not ready after ${milliseconds / 1000} s`, {
    hint: 'give it longer with --wait-timeout',
  })
  const timer = setTimeout(() => controller.abort(reason), milliseconds)
  return { signal: controller.signal, end: () => clearTimeout(timer) }
}

function joinSignals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.flatMap(signal => signal ?? [])
  return given.length < 2 ? given[0] : AbortSignal.any(given)
}
