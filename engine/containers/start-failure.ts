import { NativeError } from '../runtime/connection.ts'

const errnos = { notFound: 2, noExecFormat: 8, denied: 13, notDirectory: 20, isDirectory: 21 }

/**
 * Exit code and text of a failed start as dockerd gives them: 127 for a program that is not there, 126 for one that cannot be run, 128 for the rest.
 * The docker command finds its own exit code in Go's words for the errno (cli/command/container/run.go, toStatusError).
 */
export function describeFailure(
  error: unknown,
  program: string,
): { readonly error: string; readonly exitCode: number } {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof NativeError) || error.failure.stage !== 'exec') return { error: message, exitCode: 128 }
  const { errno } = error.failure
  const isMissing = errno === errnos.notFound || errno === errnos.notDirectory
  const why = reasonOf(errno, program) ?? message
  return {
    error: `failed to create task for container: unable to start container process: ${why}`,
    exitCode: isMissing ? 127 : 126,
  }
}

/** Go's words for what came of executing `program`; undefined: no words of its own. */
export function reasonOf(errno: number, program: string): string | undefined {
  const exec = `exec: ${JSON.stringify(program)}`
  switch (errno) {
    case errnos.notFound:
      return program.includes('/')
        ? `${exec}: stat ${program}: no such file or directory`
        : `${exec}: executable file not found in $PATH`
    case errnos.notDirectory:
      return `${exec}: stat ${program}: not a directory`
    case errnos.denied:
      return `${exec}: permission denied`
    case errnos.isDirectory:
      return `${exec}: is a directory`
    case errnos.noExecFormat:
      return `exec ${program}: exec format error`
    default:
      return undefined
  }
}
