import { isBuildOutput, type ProgressEvent, type ProgressListener } from '../apply/progress.ts'
import type { ApplyReport } from '../apply/report.ts'
import type { ApplyContext } from '../apply/use-cases.ts'
import { digestsFolder } from '../build/content-digests.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { registryAuth } from '../registry/registry-auth.ts'
import { showReport } from './apply-report.ts'
import type { Context } from './context.ts'
import { createProgress } from './progress.ts'

export interface ApplyChoices {
  /** Head of the progress display: the command's name. */
  readonly title: string
  readonly onEvent?: (event: ProgressEvent) => void
  /** Leaves the progress of pulls out; what fails is still shown. */
  readonly isPullQuiet?: boolean
  /** Leaves out what builds say. */
  readonly isBuildQuiet?: boolean
}

/** Runs a use case with the progress display that was asked for, shows how it ended and returns the exit code. */
export async function runUseCase(
  context: Context,
  client: EngineClient,
  { title, onEvent, isPullQuiet = false, isBuildQuiet = false }: ApplyChoices,
  useCase: (apply: ApplyContext) => Promise<ApplyReport>,
): Promise<number> {
  const view = createProgress(context, title)
  const all = (event: ProgressEvent): void => view.show(event)
  const withPulls = isBuildQuiet ? withoutBuildOutput(all) : all
  const show = isPullQuiet ? withoutPulls(withPulls) : withPulls
  const apply = applyContext(context, client, event => {
    show(event)
    onEvent?.(event)
  })
  let report: ApplyReport
  try {
    report = await useCase(apply)
  } finally {
    view.stop()
  }
  return showReport(context, report)
}

/** What use cases get of the world of a command. */
export function applyContext(context: Context, client: EngineClient, onProgress: ProgressListener): ApplyContext {
  const { parallel } = context.globals
  return {
    client,
    onProgress,
    signal: context.signal,
    env: context.env,
    sshAgent: context.env['SSH_AUTH_SOCK'],
    digestsFolder: digestsFolder(context.env),
    registryAuth: reference => registryAuth(context.env, reference),
    ...(parallel === undefined ? {} : { parallel }),
  }
}

/** --quiet-build: a listener that does not hear what builds say. */
export function withoutBuildOutput(listener: ProgressListener): ProgressListener {
  return event => {
    if (!isBuildOutput(event)) listener(event)
  }
}

/** --quiet-pull: a listener that does not hear of pulls; failures and plans still pass. */
export function withoutPulls(listener: ProgressListener): ProgressListener {
  return event => {
    const isPull = event.kind === 'resource' && event.resource === 'image' && event.state !== 'failed'
    if (!isPull) listener(event)
  }
}
