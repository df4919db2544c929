import * as z from 'zod/mini'
import { field, flag, integer, text, textOrTexts, texts } from './field.ts'

/** Body of POST /containers/{id}/exec. */
export const execCreateRequest = z.object({
  AttachStdin: field(flag),
  AttachStdout: field(flag),
  AttachStderr: field(flag),
  ConsoleSize: field(z.array(integer)),
  DetachKeys: field(text),
  Tty: field(flag),
  Env: field(texts),
  Cmd: field(textOrTexts),
  Privileged: field(flag),
  User: field(text),
  WorkingDir: field(text),
})

/** Body of POST /exec/{id}/start. `ConsoleSize` is [rows, columns]. */
export const execStartRequest = z.object({
  Detach: field(flag),
  Tty: field(flag),
  ConsoleSize: field(z.array(integer)),
})

export type ExecCreateRequest = z.output<typeof execCreateRequest>
export type ExecStartRequest = z.output<typeof execStartRequest>

export interface ExecCreateResponse {
  readonly Id: string
}

/** GET /exec/{id}/json */
export interface ExecInspect {
  readonly ID: string
  readonly Running: boolean
  /** null until it has exited. */
  readonly ExitCode: number | null
  readonly ProcessConfig: {
    readonly tty: boolean
    readonly entrypoint: string
    readonly arguments: readonly string[]
    readonly privileged: boolean
    readonly user?: string
  }
  readonly OpenStdin: boolean
  readonly OpenStdout: boolean
  readonly OpenStderr: boolean
  readonly CanRemove: boolean
  readonly ContainerID: string
  readonly DetachKeys: string
  readonly Pid: number
}
