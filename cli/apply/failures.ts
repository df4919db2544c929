import { containerLogs, inspectContainer } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import type { Op, WaitOp } from '../plan/plan.ts'
import { subjectOf } from './progress-of.ts'
import type { Failure, OpResult } from './report.ts'

const tailLines = 10

/**
 * The root causes in the results, each with the end of the log where a container is to blame. What was skipped is no failure of its own, nor
 * is a dependency that nobody requires.
 */
export async function failuresOf(client: EngineClient, results: readonly OpResult[]): Promise<readonly Failure[]> {
  const failures: Promise<Failure>[] = []
  for (const { op, outcome } of results) {
    if (outcome.kind !== 'failed' || outcome.error.code === 'CANCELLED') continue
    if (isOptionalWait(op)) continue
    failures.push(failureOf(client, op, outcome.error))
  }
  return withoutRepetitions(await Promise.all(failures))
}

export const isOptionalWait = (op: Op): boolean => op.kind === 'wait' && op.isOptional === true

/** Two ops that waited for the same service fail with the same words: that is one failure. */
function withoutRepetitions(failures: readonly Failure[]): readonly Failure[] {
  const byText = new Map(failures.map(failure => [`${failure.subject}\n${failure.error.message}`, failure]))
  return [...byText.values()]
}

async function failureOf(client: EngineClient, op: Op, error: Failure['error']): Promise<Failure> {
  const { resource, names, service } = subjectOf(op)
  if (op.kind === 'wait') {
    const blamed = op.containers.find(name => error.message.includes(name)) ?? op.containers[0]
    const logTail = error.code === 'CONFLICT' && blamed !== undefined ? await logTailOf(client, blamed) : []
    return { subject: waitSubject(op), service: op.service, error, ...(logTail.length > 0 && { logTail }) }
  }
  return { subject: `${resource} ${names.join(', ')}`, ...(service !== undefined && { service }), error }
}

/** In Compose's words where another service needs this one. */
function waitSubject({ goal, service }: WaitOp): string {
  if (goal === 'healthy') return 'dependency failed to start'
  return goal === 'completed' ? `service "${service}" didn't complete successfully` : `service ${service}`
}

/** The last lines that a container wrote since its last start; none when they cannot be had, because this only explains another failure. */
export async function logTailOf(client: EngineClient, id: string): Promise<readonly string[]> {
  try {
    const { State, Config } = await inspectContainer(client, id)
    const since = `${Date.parse(State.StartedAt) / 1000}`
    const query = { tail: String(tailLines), since }
    let text = ''
    for await (const { data } of await containerLogs(client, id, query, { tty: Config.Tty ?? false })) text += data
    return text
      .split('\n')
      .map(line => line.trimEnd())
      .filter(line => line !== '')
      .slice(-tailLines)
  } catch {
    return []
  }
}
