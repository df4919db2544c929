import type { ContainerFile } from '../../../schemas/api/berth.ts'
import type { HostConfig } from '../../../schemas/api/host-config.ts'
import { BerthError } from '../../../schemas/errors.ts'
import type { ContainerContext } from '../../containers/context.ts'
import type { Instruction, RunInstruction } from '../dockerfile/instruction.ts'
import { isHeredocWord } from '../dockerfile/logical-lines.ts'
import { proxyArgs } from '../platform-args.ts'
import { environmentOf, type StageState, shellOf } from '../stage-state.ts'
import type { Workspace } from '../workspace.ts'
import { runContainer } from './run-container.ts'
import type { PreparedMounts } from './run-mounts.ts'

/** What a step runs, known before it runs. */
export interface PreparedRun {
  readonly createdBy: string
  readonly args: readonly string[]
  readonly environment: readonly string[]
  readonly files: readonly ContainerFile[]
  /** All that the result may depend on but for the layers below, as parts that can be compared one by one. */
  readonly parts: Readonly<Record<string, string>>
}

export function prepareRun(
  state: StageState,
  instruction: Instruction & RunInstruction,
  mounts: PreparedMounts,
  network: string,
): PreparedRun {
  const { args, files } = argsOf(state, instruction)
  const own = [...state.args].filter(([name]) => !proxyArgs.includes(name) || !state.automatic.has(name))
  const variables = new Map([...state.args, ...environmentOf(state)])
  const used = new Map([...own, ...environmentOf(state)])
  const shownArgs = own.filter(([name]) => !environmentOf(state).has(name)).map(([name, value]) => `${name}=${value}`)
  return {
    createdBy: `RUN ${shownArgs.length === 0 ? '' : `|${shownArgs.length} ${shownArgs.join(' ')} `}${args.join(' ')}`,
    args,
    files: [...files, ...mounts.files],
    environment: [...variables].map(([name, value]) => `${name}=${value}`),
    parts: {
      command: JSON.stringify([args, files]),
      user: state.config.User ?? '',
      'working directory': state.config.WorkingDir ?? '',
      network,
      mounts: mounts.identity.join('\n'),
      ...Object.fromEntries([...used].map(([name, value]) => [`variable ${name}`, value])),
    },
  }
}

/** A here-document that is all of the command is a script: with `#!` it is executed itself. */
function argsOf(
  state: StageState,
  { command, heredocs }: RunInstruction,
): { readonly args: readonly string[]; readonly files: readonly ContainerFile[] } {
  if (command.form === 'exec') return { args: command.words, files: [] }
  const [only] = heredocs
  if (only === undefined) return { args: [...shellOf(state), command.text], files: [] }
  if (heredocs.length > 1 || !isHeredocWord(command.text)) {
    const text = [command.text, ...heredocs.map(({ name, content }) => `${content}${name}`)].join('\n')
    return { args: [...shellOf(state), text], files: [] }
  }
  if (!only.content.startsWith('#!')) return { args: [...shellOf(state), only.content], files: [] }
  const Path = `/dev/pipes/${only.name}`
  return {
    args: [Path],
    files: [{ Path, Mode: 0o755, Uid: 0, Gid: 0, Content: Buffer.from(only.content).toString('base64') }],
  }
}

export interface RunEnvironment {
  readonly engine: ContainerContext
  readonly workspace: Workspace
  readonly state: StageState
  readonly hostConfig: HostConfig
  readonly onStart: (id: string) => void
  readonly onOutput: (text: string) => void
  readonly signal: AbortSignal
}

/** Runs it; `use` gets the writable layer. Throws INVALID_ARGUMENT with dockerd's text, the place, and the end of the output. */
export async function runStep<T>(
  environment: RunEnvironment,
  instruction: Instruction & RunInstruction,
  run: PreparedRun,
  mounts: PreparedMounts,
  use: (upper: string) => Promise<T>,
): Promise<T> {
  const { engine, workspace, state } = environment
  const tree = await workspace.treeOf(state)
  const lower = tree.lower.length > 0 ? tree.lower : [await workspace.folder('empty')]
  let tail = ''
  return runContainer(
    engine,
    {
      image: {
        id: `sha256:${'0'.repeat(64)}`,
        reference: 'a step of a build',
        config: {},
        lower,
        ...(state.hostTree === undefined ? {} : { hostTree: state.hostTree }),
      },
      args: run.args,
      environment: run.environment,
      secretEnvironment: mounts.environment,
      user: state.config.User ?? '',
      workingDirectory: state.config.WorkingDir || '/',
      hostConfig: { ...environment.hostConfig, Mounts: [...mounts.mounts] },
      files: run.files,
      onStart: environment.onStart,
      onOutput: text => {
        tail = (tail + text).slice(-2000)
        environment.onOutput(text)
      },
      signal: environment.signal,
    },
    async (code, upper) => {
      if (code !== 0) throw new FailedStep(instruction, run.args, code, tail)
      return use(upper)
    },
  )
}

/** A RUN that ended with something else than 0. */
export class FailedStep extends BerthError {
  readonly exitCode: number

  constructor(instruction: Instruction, args: readonly string[], exitCode: number, tail: string) {
    const { file, line } = instruction.position
    const end = tail.trimEnd().split('\n').slice(-10).join('\n')
    super(
      'INVALID_ARGUMENT',
      `${file}:${line}: RUN: The command '${args.join(' ')}' returned a non-zero code: ${exitCode}${end === '' ? '' : `\n${end}`}`,
    )
    this.exitCode = exitCode
  }
}
