import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import type { ContainerContext } from '../containers/context.ts'
import type { KeyedQueue } from '../containers/keyed-queue.ts'
import type { StoredImage } from '../images/catalog.ts'
import type { ImageService } from '../images/service.ts'
import { emptyState, openBase } from './base-image.ts'
import type { BuildContext } from './build-context.ts'
import type { BuildCache } from './cache.ts'
import { expandWord } from './dockerfile/expand.ts'
import type { Dockerfile, Instruction } from './dockerfile/instruction.ts'
import { parseDockerfile, parseTrigger } from './dockerfile/parse.ts'
import { finishImage } from './finish-image.ts'
import { platformArgs, proxyArgs } from './platform-args.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import { runInstruction } from './stage-run.ts'
import type { StageState } from './stage-state.ts'
import { type PlannedStage, planStages, sourceOf } from './stages.ts'
import type { Tree, Workspace } from './workspace.ts'

export interface BuildParts {
  readonly engine: ContainerContext
  readonly images: ImageService
  readonly cache: BuildCache
  readonly workspace: Workspace
  readonly cacheRoot: string
  readonly locks: KeyedQueue
}

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
  const file = parseDockerfile(await readDockerfile(workspace.context, request.dockerfile), request.shownName)
  return images.store.lease(async () => {
    const build = contextOf(parts, file, request, report, signal)
    const planned = planStages(file, request.target, new Map([...build.platform, ...build.globals]))
    const stages = new Map<number, Promise<StageState>>()
    const steps = new StepCounter(planned)
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
    })
  })
}

/** Counts as dockerd's classic builder does: `Step 2/5 : RUN make`. */
class StepCounter {
  readonly #total: number
  #done = 0

  constructor(planned: readonly PlannedStage[]) {
    this.#total = planned.reduce((sum, { stage }) => sum + 1 + stage.instructions.length, 0)
  }

  next(source: string): string {
    this.#done++
    return `Step ${this.#done}/${this.#total} : ${source}`
  }
}

function contextOf(
  parts: BuildParts,
  file: Dockerfile,
  request: BuildRequest,
  report: BuildReport,
  signal: AbortSignal,
): BuildContext {
  const platform = platformArgs()
  const globals = new Map<string, string>()
  for (const instruction of file.globalArgs) {
    if (instruction.kind !== 'arg') continue
    for (const { name, value } of instruction.args) {
      const scope = new Map([...platform, ...globals])
      const chosen =
        request.args.get(name) ?? (value === undefined ? platform.get(name) : expandWord(value, scope, file.escapeMark))
      if (chosen !== undefined && chosen !== null) globals.set(name, chosen)
    }
  }
  const epoch = request.args.get('SOURCE_DATE_EPOCH') ?? undefined
  if (epoch !== undefined && !/^\d{1,12}$/.test(epoch))
    throw new BerthError(
      'INVALID_ARGUMENT',
      `SOURCE_DATE_EPOCH: expected seconds since 1970, found ${JSON.stringify(epoch)}`,
    )
  const latest = epoch === undefined ? undefined : Number(epoch)
  return {
    request,
    engine: parts.engine,
    store: parts.images.store,
    workspace: parts.workspace,
    cache: parts.cache,
    report,
    escapeMark: file.escapeMark,
    globals,
    platform,
    latest,
    cacheRoot: parts.cacheRoot,
    signal,
    created: () => (latest === undefined ? parts.images.now() : new Date(latest * 1000)).toISOString(),
    treeFor: () => Promise.reject(new Error('no stage is running')),
    locked: (names, work) =>
      names.reduceRight<() => ReturnType<typeof work>>((inner, name) => () => parts.locks.run(name, inner), work)(),
  }
}

async function runStage(
  parts: BuildParts,
  build: BuildContext,
  { stage, base }: PlannedStage,
  stages: ReadonlyMap<number, Promise<StageState>>,
  steps: StepCounter,
): Promise<StageState> {
  const { report, request, signal } = build
  const source = `FROM ${base.kind === 'name' ? base.name : stage.base}${stage.name === undefined ? '' : ` AS ${stage.name}`}`
  report.line(steps.next(source))
  checkPlatform(stage.platform, build)
  const opened = base.kind === 'stage' ? await stages.get(base.index) : await openNamed(parts, build, base.name)
  const start = await withProxies(opened ?? emptyState, request)
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

/** What a step throws without saying where gets its place. */
function placed(error: unknown, { position, kind }: Instruction): unknown {
  if (!(error instanceof BerthError) || error.message.startsWith(`${position.file}:`)) return error
  const message = `${position.file}:${position.line}: ${kind.toUpperCase()}: ${error.message}`
  return new BerthError(error.code, message, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}

/** Arguments end with their stage; proxies are there in each. */
async function withProxies(state: StageState, request: BuildRequest): Promise<StageState> {
  const proxies = [...request.args].flatMap(([name, value]): [string, string][] =>
    value !== null && proxyArgs.includes(name) ? [[name, value]] : [],
  )
  return { ...state, args: new Map(proxies), automatic: new Set(proxies.map(([name]) => name)) }
}

function checkPlatform(text: string | undefined, build: BuildContext): void {
  if (text === undefined) return
  const wanted = expandWord(text, new Map([...build.platform, ...build.globals]), build.escapeMark)
  const own = build.platform.get('TARGETPLATFORM') ?? ''
  if (wanted !== '' && wanted !== own && !own.startsWith(`${wanted}/`)) {
    throw new BerthError('NOT_IMPLEMENTED', `FROM --platform=${wanted}: only images for ${own} are built here`)
  }
}

async function openNamed(parts: BuildParts, build: BuildContext, name: string): Promise<StageState> {
  const context = build.request.contexts.get(name)
  if (context !== undefined && 'folder' in context) {
    throw new BerthError('NOT_IMPLEMENTED', `FROM ${name}: the additional context is a folder and no image`, {
      hint: 'FROM scratch and COPY --from it',
    })
  }
  const { engine, images, workspace } = parts
  return openBase(images, workspace, context === undefined ? name : context.image, {
    pulls: build.request.pulls,
    dataRoot: engine.dataRoot,
    onProgress: text => build.report.line(text),
    signal: build.signal,
  })
}

async function treeFor(
  parts: BuildParts,
  build: BuildContext,
  file: Dockerfile,
  { stage }: PlannedStage,
  stages: ReadonlyMap<number, Promise<StageState>>,
  from: string | undefined,
): Promise<Tree> {
  const { workspace } = parts
  if (from === undefined) return { lower: [workspace.context], isContext: true, isHost: false }
  const source = sourceOf(file.stages.slice(0, stage.index), from, true)
  if (source.kind === 'stage') return workspace.treeOf((await stages.get(source.index)) ?? emptyState)
  const context = build.request.contexts.get(from)
  if (context !== undefined && 'folder' in context) return { lower: [context.folder], isContext: true, isHost: false }
  return workspace.treeOf(await openNamed(parts, build, from))
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

const maxDockerfileBytes = 16 * 1024 * 1024

/** Read without following links out of the context: a link counts as no file. */
async function readDockerfile(context: string, name: string): Promise<string> {
  const path = posix.resolve('/', name)
  const missing = (): BerthError => new BerthError('INVALID_ARGUMENT', `Cannot locate specified Dockerfile: ${name}`)
  let folder = context
  for (const part of path.split('/').slice(1, -1)) {
    folder = join(folder, part)
    const handle = await open(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => undefined)
    if (handle === undefined) throw missing()
    await handle.close()
  }
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(join(folder, posix.basename(path)), flags).catch(() => undefined)
  if (file === undefined) throw missing()
  try {
    const status = await file.stat()
    if (!status.isFile() || status.size > maxDockerfileBytes) throw missing()
    const text = await file.readFile('utf8')
    if (text.trim() === '') throw new BerthError('INVALID_ARGUMENT', `the Dockerfile (${name}) cannot be empty`)
    return text
  } finally {
    await file.close()
  }
}
