import { PassThrough } from 'node:stream'
import { run } from '../../cli/run.ts'
import type { Input, Output } from '../../cli/ui/streams.ts'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandWorld {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
  readonly signal?: AbortSignal
  /** What standard input gives; without it, input is empty. */
  readonly input?: string
}

/** Runs the command line inside the test's process, with streams that are no terminal. */
export async function runCommandLine(argv: readonly string[], world: CommandWorld = {}): Promise<CommandResult> {
  const [stdout, stderr] = [capture(world.columns), capture(world.columns)]
  const stdin = new PassThrough()
  stdin.end(world.input ?? '')
  const { code } = await run(argv, {
    stdin: () => stdin as unknown as Input,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: world.env ?? {},
    cwd: world.cwd ?? process.cwd(),
    distDir: '/nowhere',
    signal: world.signal ?? new AbortController().signal,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function capture(columns: number | undefined): { readonly stream: Output; readonly text: () => string } {
  const chunks: string[] = []
  const stream = new PassThrough()
  stream.on('data', chunk => chunks.push(String(chunk)))
  if (columns !== undefined) Object.assign(stream, { columns })
  return { stream: stream as unknown as Output, text: () => chunks.join('') }
}
