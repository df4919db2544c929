import type { Position } from './dockerfile-error.ts'
import type { Heredoc } from './logical-lines.ts'

/** The exec form is run as it is, the shell form by the stage's shell. */
export type Command =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly text: string }

export interface Pair {
  readonly name: string
  readonly value: string
}

/** `RUN --mount=…`, its options as they stand. */
export interface RunMount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh'
  readonly options: Readonly<Record<string, string>>
}

export interface CopyInstruction {
  readonly kind: 'copy' | 'add'
  readonly sources: readonly string[]
  readonly destination: string
  readonly heredocs: readonly Heredoc[]
  readonly from: string | undefined
  readonly chown: string | undefined
  readonly chmod: string | undefined
  readonly checksum: string | undefined
  readonly keepsGitDir: boolean
  readonly isLinked: boolean
  readonly keepsParents: boolean
  readonly excludes: readonly string[]
  /** ADD: archives of the context are unpacked (default), fetched ones are not (default). */
  readonly unpacks: boolean | undefined
}

export interface RunInstruction {
  readonly kind: 'run'
  readonly command: Command
  readonly heredocs: readonly Heredoc[]
  readonly mounts: readonly RunMount[]
  readonly network: 'default' | 'none' | 'host'
  /** `--security=insecure`: with every right, as `docker run --privileged`. */
  readonly isInsecure: boolean
}

export interface HealthcheckInstruction {
  readonly kind: 'healthcheck'
  /** Undefined: NONE. */
  readonly command: Command | undefined
  /** Durations in nanoseconds. */
  readonly options: Readonly<Record<string, number>>
}

/** One instruction, typed; variables are not yet filled in. */
export type InstructionBody =
  | { readonly kind: 'arg'; readonly args: readonly { readonly name: string; readonly value: string | undefined }[] }
  | { readonly kind: 'env' | 'label'; readonly pairs: readonly Pair[] }
  | RunInstruction
  | CopyInstruction
  | HealthcheckInstruction
  | { readonly kind: 'cmd' | 'entrypoint'; readonly command: Command }
  | { readonly kind: 'shell'; readonly words: readonly string[] }
  | { readonly kind: 'expose' | 'volume'; readonly words: readonly string[] }
  | { readonly kind: 'workdir'; readonly text: string }
  | { readonly kind: 'user' | 'stopsignal' | 'maintainer'; readonly text: string }
  | { readonly kind: 'onbuild'; readonly text: string }

export type Instruction = InstructionBody & {
  /** As it stands in the file, on one line: what build output and history show. */
  readonly source: string
  readonly position: Position
}

export interface Stage {
  readonly index: number
  /** Lower case; undefined without AS. */
  readonly name: string | undefined
  /** Unexpanded: an image, a stage's name, or `scratch`. */
  readonly base: string
  readonly platform: string | undefined
  readonly instructions: readonly Instruction[]
  readonly position: Position
}

export interface Dockerfile {
  readonly escapeMark: string
  /** ARG instructions above the first FROM. */
  readonly globalArgs: readonly Instruction[]
  readonly stages: readonly Stage[]
}
