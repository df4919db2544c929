import { BerthError } from '../../schemas/errors.ts'
import type { StoredImage } from '../images/catalog.ts'
import { emptyState } from './base-image.ts'
import type { BuildContext } from './build-context.ts'
import { type BuildParts, contextOf } from './context-of.ts'
import type { Dockerfile, Instruction, Stage } from './dockerfile/instruction.ts'
import { parseDockerfile, parseTrigger } from './dockerfile/parse.ts'
import { dropIgnored } from './drop-ignored.ts'
import { finishImage } from './finish-image.ts'
import { importKeys } from './import-keys.ts'
import { openNamed, platformOf, treeFor } from './named-sources.ts'
import { otherSpelling, proxyArgs } from './platform-args.ts'
import { readDockerfile } from './read-dockerfile.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import { runInstruction } from './stage-run.ts'
import type { StageState } from './stage-state.ts'
import { type PlannedStage, planStages } from './stages.ts'

/**
 * Builds an image from a context that lies in the workspace. Stages run as soon as what they need is there, those that the target does not need not
 * at all. Throws BerthError that names file, line and instruction.
 */
export async function buildImage(
  parts: BuildParts,
  request: BuildRequest,
  report: BuildReport,
  signal: AbortSignal,
): Promise<StoredImage> {
  const { images, workspace } = parts
  const text = workspace.listed?.dockerfile ?? (await readDockerfile(workspace.context, request.dockerfile))
  const file = parseDockerfile(text, request.shownName)
  await dropIgnored(workspace.context, request.dockerfile)
  return images.store.lease(async () => {
    const imported = await importKeys(parts, request, report, signal)
    const build = contextOf(parts, file, request, report, imported, signal)
    const planned = planStages(file, request.target, new Map([...build.platform, ...build.globals]))
    const stages = new Map<number, Promise<StageState>>()
    const steps = new StepCounter(file, planned)
    for (const { source } of file.globalArgs) report.line(steps.next(source))
    for (const stage of planned) {
      const needs = stage.needs.flatMap(index => stages.get(index) ?? [])
      const built = Promise.all(needs).then(() =>
        runStage(
          parts,
          { ...build, treeFor: from => treeFor(parts, build, file, stage, stages, from) },
          stage,
          stages,
          steps,
        ),
      )
      built.catch(() => undefined)
      stages.set(stage.stage.index, built)
    }
    const results = await Promise.all(stages.values())
    const last = results.at(-1) ?? emptyState
    const state = { ...last, config: { ...last.config, ...labelsOf(last, request) } }
    warnUnused(file, request, report)
    return finishImage(images, parts.cache, state, {
      names: request.names,
      created: build.created(),
      isReproducible: build.latest !== undefined,
      keepsKeys: request.keepsKeys,
    })
  })
}

/** Counts as dockerd's classic builder does: `Step 2/5 : RUN make`. */
class StepCounter {
  readonly #total: number
  #done = 0

  constructor({ globalArgs }: Dockerfile, planned: readonly PlannedStage[]) {
    this.#total = planned.reduce((sum, { stage }) => sum + 1 + stage.instructions.length, globalArgs.length)
  }

  next(source: string): string {
    this.#done++
    return `Step ${this.#done}/${this.#total} : ${source}`
  }
}

async function runStage(
  parts: BuildParts,
  whole: BuildContext,
  { stage, base }: PlannedStage,
  stages: ReadonlyMap<number, Promise<StageState>>,
  steps: StepCounter,
): Promise<StageState> {
  const build = withCacheOf(whole, stage)
  const { report, request, signal } = build
  const source = `FROM ${base.kind === 'name' ? base.name : stage.base}${stage.name === undefined ? '' : ` AS ${stage.name}`}`
  report.line(steps.next(source))
  const opened =
    base.kind === 'stage'
      ? await stages.get(base.index)
      : await openNamed(parts, build, base.name, platformOf(stage.platform, build))
  const start = beginStage(opened ?? emptyState, request)
  const { OnBuild = [], ...config } = start.config
  let state: StageState = { ...start, config }
  const triggers = (OnBuild ?? []).map(text => parseTrigger(text, `${source}, ONBUILD`))
  if (triggers.length > 0) report.line(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}`)
  const name = `${request.scope}#${stage.name ?? stage.index}`
  for (const [index, trigger] of triggers.entries())
    state = await runInstruction(build, state, trigger, `${name}#onbuild${index}`)
  for (const [index, instruction] of stage.instructions.entries()) {
    signal.throwIfAborted()
    report.line(steps.next(instruction.source))
    state = await runInstruction(build, state, instruction, `${name}#${index}`).catch((error: unknown) => {
      throw placed(error, instruction)
    })
  }
  return state
}

/** `--no-cache-filter` names stages. */
function withCacheOf(build: BuildContext, { name }: Stage): BuildContext {
  const isAnew = name !== undefined && build.request.noCacheStages.has(name)
  return isAnew ? { ...build, request: { ...build.request, noCache: true } } : build
}

/** What a step throws without saying where gets its place. */
function placed(error: unknown, { position, kind }: Instruction): unknown {
  if (!(error instanceof BerthError) || error.message.startsWith(`${position.file}:`)) return error
  const message = `${position.file}:${position.line}: ${kind.toUpperCase()}: ${error.message}`
  return new BerthError(error.code, message, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}

/** A stage on another one has its arguments too, as with BuildKit; proxies are there in each. */
function beginStage(state: StageState, request: BuildRequest): StageState {
  const proxies = [...request.args].flatMap(([name, value]): [string, string][] =>
    value !== null && proxyArgs.includes(name)
      ? [
          [name, value],
          [otherSpelling(name), value],
        ]
      : [],
  )
  // Given in both spellings, each stays as it was given.
  const all = new Map([...proxies, ...proxies.filter(([name]) => request.args.has(name))])
  return {
    ...state,
    args: new Map([...state.args, ...all]),
    automatic: new Set([...state.automatic, ...all.keys()]),
    hasOwnCommand: false,
  }
}

const labelsOf = (state: StageState, { labels }: BuildRequest): { Labels?: Record<string, string> } =>
  Object.keys(labels).length === 0 ? {} : { Labels: { ...state.config.Labels, ...labels } }

function warnUnused(file: Dockerfile, request: BuildRequest, report: BuildReport): void {
  const known = new Set(
    [...file.globalArgs, ...file.stages.flatMap(({ instructions }) => instructions)].flatMap(instruction =>
      instruction.kind === 'arg' ? instruction.args.map(({ name }) => name) : [],
    ),
  )
  const unused = [...request.args.keys()].filter(
    name =>
      !known.has(name) && !proxyArgs.includes(name) && name !== 'SOURCE_DATE_EPOCH' && !name.startsWith('BUILDKIT_'),
  )
  if (unused.length > 0) report.line(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed`)
}
