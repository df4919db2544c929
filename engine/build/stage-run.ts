import { readAccounts, resolveUser } from '../containers/user.ts'
import type { BuildContext } from './build-context.ts'
import { type BuildCache, type KeyParts, keyOf } from './cache.ts'
import { dockerfileError } from './dockerfile/dockerfile-error.ts'
import { expandWord } from './dockerfile/expand.ts'
import type { CopyInstruction, Instruction, RunInstruction } from './dockerfile/instruction.ts'
import { ContextNeeded } from './listed-context.ts'
import { type BuiltLayer, type StageState, variablesOf } from './stage-state.ts'
import { checkRun } from './steps/check-run.ts'
import { applyConfigStep, workingDirectory } from './steps/config-step.ts'
import { prepareCopy, prepareFolder } from './steps/copy-step.ts'
import { exportLayer } from './steps/export-layer.ts'
import { prepareMounts } from './steps/run-mounts.ts'
import { prepareRun, runStep } from './steps/run-step.ts'
import { withAgents } from './steps/serve-agents.ts'

/** One step of a stage: instruction in, the stage's next state out. Throws BerthError that names the place. */
export async function runInstruction(
  build: BuildContext,
  state: StageState,
  instruction: Instruction,
  place: string,
): Promise<StageState> {
  build.signal.throwIfAborted()
  switch (instruction.kind) {
    case 'arg':
      return declareArgs(build, state, instruction)
    case 'workdir':
      return changeFolder(build, state, instruction, place)
    case 'run':
      return run(build, state, instruction, place)
    case 'copy':
    case 'add':
      return copy(build, state, instruction, place)
    default: {
      const step = applyConfigStep(state, instruction, build.escapeMark)
      if (step === undefined) throw dockerfileError(instruction.position, instruction.kind, 'cannot be run')
      return withHistory(build, step.state, step.createdBy)
    }
  }
}

function declareArgs(build: BuildContext, state: StageState, instruction: Instruction & { kind: 'arg' }): StageState {
  const args = new Map(state.args)
  const automatic = new Set(state.automatic)
  for (const { name, value } of instruction.args) {
    const given = build.request.args.get(name) ?? undefined
    const fallback =
      value === undefined
        ? (build.globals.get(name) ?? build.platform.get(name))
        : expandWord(value, new Map([...args, ...variablesOf(state)]), build.escapeMark)
    const chosen = given ?? fallback
    automatic.delete(name)
    if (chosen !== undefined) args.set(name, chosen)
  }
  const shown = instruction.args.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(' ')
  return withHistory(build, { ...state, args, automatic }, `ARG ${shown}`)
}

function withHistory(build: BuildContext, state: StageState, createdBy: string): StageState {
  return {
    ...state,
    history: [...state.history, { created: build.created(), created_by: createdBy, empty_layer: true }],
  }
}

function withLayer(state: StageState, layer: BuiltLayer, createdBy: string, created: string): StageState {
  return { ...state, layers: [...state.layers, layer], history: [...state.history, { created, created_by: createdBy }] }
}

async function changeFolder(
  build: BuildContext,
  state: StageState,
  instruction: Instruction & { kind: 'workdir' },
  place: string,
): Promise<StageState> {
  const path = workingDirectory(state, expandWord(instruction.text, variablesOf(state), build.escapeMark))
  const next = { ...state, config: { ...state.config, WorkingDir: path } }
  const stage = await build.workspace.treeOf(state)
  const owner = resolveUser(state.config.User ?? '', [], await readAccounts(stage.lower))
  const environment = {
    workspace: build.workspace,
    state,
    source: stage,
    escapeMark: build.escapeMark,
    agent: undefined,
    signal: build.signal,
  }
  const make = await prepareFolder(environment, path, { uid: owner.uid, gid: owner.gid })
  if (make === undefined) return withHistory(build, next, `WORKDIR ${path}`)
  const parts = { ...below(state), step: 'WORKDIR', path, owner: `${owner.uid}:${owner.gid}` }
  return cached(build, next, `WORKDIR ${path}`, place, parts, async () =>
    exportLayer(build.workspace, build.store, await make(), { latest: build.latest, signal: build.signal }),
  )
}

async function copy(
  build: BuildContext,
  state: StageState,
  instruction: Instruction & CopyInstruction,
  place: string,
): Promise<StageState> {
  const source = await build.treeFor(instruction.from)
  const { workspace, escapeMark, signal } = build
  const agent = build.request.agents.get('default')
  const prepared = await prepareCopy({ workspace, state, source, escapeMark, agent, signal }, instruction)
  const files = Object.fromEntries(
    Object.entries(prepared.digest.files).map(([path, digest]) => [`file ${path}`, digest]),
  )
  const parts = { ...below(state), step: prepared.createdBy, files: prepared.digest.digest }
  return cached(
    build,
    state,
    prepared.createdBy,
    place,
    Object.keys(files).length > 50 ? parts : { ...parts, ...files },
    async () => exportLayer(workspace, build.store, await prepared.run(), { latest: build.latest, signal }),
  )
}

async function run(
  build: BuildContext,
  state: StageState,
  instruction: Instruction & RunInstruction,
  place: string,
): Promise<StageState> {
  const { workspace, request, signal } = build
  const variables = variablesOf(state)
  const mounts = await prepareMounts(
    {
      workspace,
      workingDirectory: state.config.WorkingDir || '/',
      secrets: request.secrets,
      agents: request.agents,
      cacheRoot: build.cacheRoot,
      expand: text => expandWord(text, variables, build.escapeMark),
      treeFor: from => build.treeFor(from),
      signal,
    },
    instruction,
  )
  const network = instruction.network === 'default' ? request.network : instruction.network
  const prepared = prepareRun(state, instruction, mounts, network)
  checkRun(build, state, instruction)
  const hostConfig = { ...request.hostConfig, NetworkMode: network, Privileged: instruction.isInsecure }
  const onOutput = (text: string): void => build.report.output(text)
  const onStart = (id: string): void => build.report.line(` ---> Running in ${id.slice(0, 12)}`)
  const environment = { engine: build.engine, workspace, state, hostConfig, onStart, onOutput, signal }
  return cached(build, state, prepared.createdBy, place, { ...below(state), ...prepared.parts }, () =>
    build.locked(mounts.locks, () =>
      withAgents(mounts.agents, () =>
        runStep(environment, instruction, prepared, mounts, upper =>
          exportLayer(workspace, build.store, upper, { without: mounts.targets, latest: build.latest, signal }),
        ),
      ),
    ),
  )
}

const below = (state: StageState): KeyParts => ({
  'layers below': state.layers.map(({ diffId }) => diffId).join(' '),
})

/** Takes a layer from the cache, or makes it and remembers it. Stages on the machine's own tree are never cached: it may have changed. */
async function cached(
  build: BuildContext,
  state: StageState,
  createdBy: string,
  place: string,
  parts: KeyParts,
  make: () => Promise<BuiltLayer>,
): Promise<StageState> {
  const all = build.latest === undefined ? parts : { ...parts, SOURCE_DATE_EPOCH: String(build.latest) }
  const { cache, report, request } = build
  const key = keyOf(all)
  const isCacheable = state.hostTree === undefined
  const answer: Awaited<ReturnType<BuildCache['find']>> = !isCacheable
    ? { kind: 'miss', reason: 'it stands on rootfs:/, which may have changed' }
    : request.noCache
      ? { kind: 'miss', reason: 'the cache is turned off' }
      : await cache.find(place, all)
  if (answer.kind === 'hit' && answer.step.layer !== undefined) {
    report.line(' ---> Using cache')
    return withLayer(
      state,
      { ...answer.step.layer, key },
      createdBy,
      build.latest === undefined ? answer.step.createdAt : build.created(),
    )
  }
  const imported = isCacheable && !request.noCache ? build.imported.get(key) : undefined
  if (imported !== undefined) {
    report.line(' ---> Using cache')
    cache.put(place, all, imported, createdBy)
    return withLayer(state, { ...imported, key }, createdBy, build.created())
  }
  if (build.workspace.listed !== undefined) throw new ContextNeeded()
  if (answer.kind === 'miss') report.line(` ---> Not cached: ${answer.reason}`)
  const layer = await make()
  if (isCacheable) cache.put(place, all, layer, createdBy)
  return withLayer(state, { ...layer, key }, createdBy, build.created())
}
