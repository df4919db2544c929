import type { ContainerSummary } from '../../schemas/api/containers.ts'
import { containerLogs, type LogsQuery } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import type { OutputStream } from '../client/frames.ts'
import { createLineSplitter } from '../ui/line-splitter.ts'

/** One line that a container wrote; `time` is the engine's RFC 3339 stamp, of fixed width, so that it compares as text. */
export interface LogLine {
  readonly stream: OutputStream
  readonly time: string
  readonly text: string
}

export interface LogSource {
  readonly id: string
  readonly isTty?: boolean | undefined
}

/** The log of one container line by line. Time stamps are always asked for: they order the lines of several containers. */
export async function* logLines(
  client: EngineClient,
  source: LogSource,
  query: LogsQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const pending: LogLine[] = []
  const splitters = {
    stdout: createLineSplitter(line => pending.push(toLogLine('stdout', line))),
    stderr: createLineSplitter(line => pending.push(toLogLine('stderr', line))),
  }
  const options = source.isTty === undefined ? { signal } : { signal, tty: source.isTty }
  for await (const { stream, data } of await containerLogs(
    client,
    source.id,
    { ...query, timestamps: true },
    options,
  )) {
    splitters[stream].write(data)
    yield* pending.splice(0)
  }
  splitters.stdout.end()
  splitters.stderr.end()
  yield* pending.splice(0)
}

/** A log line is `2026-01-31T12:00:00.000000000Z text`; a terminal's lines end in CR LF. */
function toLogLine(stream: OutputStream, line: string): LogLine {
  const space = line.indexOf(' ')
  const text = line.slice(space + 1)
  return { stream, time: line.slice(0, Math.max(0, space)), text: text.endsWith('\r') ? text.slice(0, -1) : text }
}

/** Lines of several logs that end, in the order of their time stamps. */
export async function* mergeByTime<Line extends { readonly time: string }>(
  logs: readonly AsyncGenerator<Line>[],
): AsyncGenerator<{ readonly line: Line; readonly index: number }> {
  const heads = await Promise.all(logs.map(log => log.next()))
  for (;;) {
    let first: { readonly line: Line; readonly index: number } | undefined
    for (const [index, head] of heads.entries()) {
      if (!head.done && (first === undefined || head.value.time < first.line.time)) first = { line: head.value, index }
    }
    if (first === undefined) return
    yield first
    const log = logs[first.index]
    if (log) heads[first.index] = await log.next()
  }
}

/** Whether a container has a terminal is not in the list; its log's content type tells the client. */
export function logSource(container: ContainerSummary): LogSource {
  return { id: container.Id }
}
