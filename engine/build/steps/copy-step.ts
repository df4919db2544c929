import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { ignoreOf } from '../../../schemas/build-ignore.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { readAccounts, resolveUser } from '../../containers/user.ts'
import { dockerfileError } from '../dockerfile/dockerfile-error.ts'
import { expandWord } from '../dockerfile/expand.ts'
import type { CopyInstruction, Instruction } from '../dockerfile/instruction.ts'
import { parseGitUrl } from '../remote/git-url.ts'
import { type StageState, variablesOf } from '../stage-state.ts'
import { type Entry, type EntryWithContent, makeEntry, toBytes } from '../tar/entry.ts'
import { writeEntries } from '../tar/write-entries.ts'
import type { Tree, Workspace } from '../workspace.ts'
import { addRepository } from './add-repository.ts'
import { detectArchive, readStart } from './archive-kind.ts'
import { type CopyDigest, type CopyRules, digestEntries, madeFile, type Owner, placeEntries } from './copy-plan.ts'
import { type Found, findSources } from './copy-sources.ts'
import { download } from './download.ts'
import { type ModeChange, parseFileMode } from './file-mode.ts'
import { findPlace, type Place } from './find-place.ts'

const limits = { maxBytes: 128 * 1024 ** 3, maxEntries: 4_000_000 }

/** A copy that is known down to its bytes, and not yet done. */
export interface PreparedCopy {
  readonly createdBy: string
  readonly digest: CopyDigest
  /** Writes it into a fresh writable layer over the stage; answers that layer's folder. */
  run(): Promise<string>
}

export interface CopyEnvironment {
  readonly workspace: Workspace
  readonly state: StageState
  /** What is copied from. */
  readonly source: Tree
  readonly escapeMark: string
  /** Socket of an ssh agent, for ADD of git repositories. */
  readonly agent: string | undefined
  readonly signal: AbortSignal
}

export async function prepareCopy(
  environment: CopyEnvironment,
  instruction: Instruction & CopyInstruction,
): Promise<PreparedCopy> {
  const { workspace, state, signal } = environment
  const variables = variablesOf(state)
  const expand = (text: string): string => expandWord(text, variables, environment.escapeMark)
  const stage = await workspace.treeOf(state)
  const wanted = expand(instruction.destination)
  const place = await findPlace(workspace, stage, posix.resolve(state.config.WorkingDir || '/', wanted), signal)
  const { destination } = place
  const fetched = await fetchAll(environment, instruction, expand)
  const endsAsFolder = wanted.endsWith('/') || /(^|\/)\.$/.test(wanted)
  const isInto = endsAsFolder || (place.missing.length === 0 && place.isFolder) || fetched.length > 1
  if (isInto && place.missing.length === 0 && !place.isFolder)
    throw dockerfileError(
      instruction.position,
      instruction.kind.toUpperCase(),
      `${destination} is a file and no folder`,
    )
  const rules: CopyRules = {
    destination,
    isInto: isInto || instruction.keepsParents,
    keepsParents: instruction.keepsParents,
    owner: await ownerOf(stage, instruction, expand),
    mode: modeOf(instruction, expand),
    folderMode: folderModeOf(instruction, expand),
    // As they stand: variables in them mean nothing (BuildKit 0.25).
    excludes: ignoreOf(instruction.excludes),
  }
  const archives =
    instruction.kind === 'add' ? await archivesAmong(instruction, fetched).catch(placed(instruction)) : new Set<Found>()
  const plain = fetched.filter(found => !archives.has(found)).map(asRoot(instruction, environment))
  const archive = [...archives]
  const entries = () => placeEntries(plain, rules)
  const digest = await digestEntries(entries()).catch(placed(instruction))
  const raw = await digestEntries(placeEntries(archive, { ...rules, isInto: true, mode: undefined }))
  const createdBy = `${instruction.kind.toUpperCase()} ${fetched.map(({ path }) => path.slice(1) || '.').join(' ')} ${wanted}`
  return {
    createdBy,
    digest: { digest: `${digest.digest}+${raw.digest}`, files: { ...raw.files, ...digest.files } },
    run: async () => {
      const { view, upper } = await workspace.view(stage)
      const unpack = (path: string, tar: AsyncIterable<Buffer>, owner?: Owner) =>
        workspace.workers.unpackPath(
          { view, path, keepsKinds: true, ...limits, ...(owner === undefined ? {} : { owner }) },
          Readable.from(tar),
          signal,
        )
      const makesFolder = rules.isInto || archive.length > 0
      await unpack(place.base, writeEntries(inBase(place, rules, entries(), makesFolder)))
      for (const found of archive) await unpack(destination, contentOf(found), rules.owner)
      return upper
    },
  }
}

/** Files of the context belong to root whatever they were outside; what another stage has stays as it is. */
const asRoot =
  (instruction: CopyInstruction, { source }: CopyEnvironment) =>
  (found: Found): Found =>
    instruction.from !== undefined && !source.isContext ? found : { ...found, open: () => ownedByRoot(found.open()) }

async function* ownedByRoot(
  entries: AsyncIterable<EntryWithContent>,
): AsyncGenerator<EntryWithContent, void, undefined> {
  for await (const { entry, ...rest } of entries) yield { ...rest, entry: { ...entry, uid: 0, gid: 0 } }
}

/** Entries with names below the base, the folders that are missing in front; a folder that is there keeps what it is. */
async function* inBase(
  { base, missing }: Place,
  { destination, owner, folderMode, keepsParents }: CopyRules,
  entries: AsyncIterable<EntryWithContent>,
  makesFolder: boolean,
): AsyncGenerator<EntryWithContent, void, undefined> {
  // All names are bytes here, whatever they encode.
  const prefixLength = base === '/' ? 0 : toBytes(base).length
  const own = toBytes(destination)
  const made = new Set<string>()
  const folders = makesFolder ? missing : missing.slice(0, -1)
  for (const [index] of folders.entries())
    yield* makeFolder(toBytes(folders.slice(0, index + 1).join('/')), made, owner)
  for await (const { entry, content } of entries) {
    const path = `/${entry.name}`
    const isDestination = entry.flag === '5' && path === own
    if (isDestination && missing.length === 0) continue
    const name = entry.name.slice(prefixLength)
    const parents = name.split('/').slice(0, -1)
    // Only --parents and a file's own missing parents come here without their folder.
    for (const [index] of parents.entries()) {
      const parent = parents.slice(0, index + 1).join('/')
      if (missing.length > 0 && parent.length <= toBytes(missing.join('/')).length)
        yield* makeFolder(parent, made, owner)
    }
    if (entry.flag === '5') made.add(name)
    const link = entry.flag === '1' ? entry.linkName.slice(prefixLength) : undefined
    yield {
      entry: {
        ...(isDestination && !keepsParents ? newFolder(folderMode, owner) : entry),
        name,
        ...(link === undefined ? {} : { linkName: link }),
      } satisfies Entry,
      content,
    }
  }
}

async function* nothing(): AsyncGenerator<Buffer, void, undefined> {}

function* makeFolder(name: string, made: Set<string>, owner: Owner | undefined): Generator<EntryWithContent> {
  if (name === '' || made.has(name)) return
  made.add(name)
  yield { entry: { ...newFolder(0o755, owner), name }, content: nothing() }
}

const newFolder = (mode: number, owner: Owner | undefined): Entry =>
  makeEntry({ name: '', flag: '5', mode, modified: String(Math.floor(Date.now() / 1000)), ...(owner ?? {}) })

/** A folder with everything above it, as WORKDIR makes it: undefined when it is there. */
export async function prepareFolder(
  { workspace, state, signal }: CopyEnvironment,
  path: string,
  owner: Owner,
): Promise<(() => Promise<string>) | undefined> {
  const stage = await workspace.treeOf(state)
  const place = await findPlace(workspace, stage, path, signal)
  if (place.missing.length === 0) return undefined
  return async () => {
    const { view, upper } = await workspace.view(stage)
    const made = new Set<string>()
    const folders = async function* () {
      for (const [index] of place.missing.entries())
        yield* makeFolder(toBytes(place.missing.slice(0, index + 1).join('/')), made, owner)
    }
    const tar = Readable.from(writeEntries(folders()))
    await workspace.workers.unpackPath({ view, path: place.base, keepsKinds: true, ...limits }, tar, signal)
    return upper
  }
}

async function fetchAll(
  environment: CopyEnvironment,
  instruction: Instruction & CopyInstruction,
  expand: (text: string) => string,
): Promise<readonly Found[]> {
  const { workspace, source, state, escapeMark, signal } = environment
  const files = instruction.heredocs.map(({ name, content, expands }) =>
    madeFile(`/${name}`, Buffer.from(expands ? expandHeredoc(content, variablesOf(state), escapeMark) : content)),
  )
  const found = await Promise.all(
    instruction.sources.map(async text => {
      const name = expand(text)
      const git = instruction.kind === 'add' ? parseGitUrl(name) : undefined
      if (git !== undefined) return addRepository(environment, instruction, git)
      if (instruction.kind === 'add' && /^https?:\/\//.test(name)) return [await download(name, instruction, signal)]
      const found = await findSources(workspace, source, name, signal).catch(placed(instruction))
      return instruction.keepsParents ? found.map(afterPivot(name)) : found
    }),
  )
  return [...found.flat(), ...files]
}

/** `a/./b`: of what --parents keeps, `a` is left out. */
function afterPivot(name: string): (found: Found) => Found {
  const at = name.indexOf('/./')
  const left = at === -1 ? 0 : posix.resolve('/', name.slice(0, at)).replace(/\/$/, '').length
  return found => ({ ...found, path: found.path.slice(left) })
}

/** What is wrong with a source gets its place in the Dockerfile. */
const placed =
  ({ position, kind }: Instruction) =>
  (error: unknown): never => {
    if (!(error instanceof BerthError) || error.code !== 'NOT_FOUND') throw error
    throw dockerfileError(position, kind.toUpperCase(), error.message)
  }

/** Quotes are plain text in a here-document. */
function expandHeredoc(content: string, variables: ReadonlyMap<string, string>, escapeMark: string): string {
  return expandWord(
    content.replace(/["']/g, quote => `${escapeMark}${quote}`),
    variables,
    escapeMark,
  )
}

async function archivesAmong(instruction: CopyInstruction, found: readonly Found[]): Promise<Set<Found>> {
  const archives = new Set<Found>()
  if (instruction.unpacks === false) return archives
  for (const candidate of found) {
    const isRemote = candidate.isRemote === true
    if (isRemote && instruction.unpacks !== true) continue
    if (await detectArchive(await readStart(candidate))) archives.add(candidate)
  }
  return archives
}

async function* contentOf(found: Found): AsyncGenerator<Buffer, void, undefined> {
  for await (const { content } of found.open()) yield* content
}

/** `user[:group]` of --chown, names from the stage's own files. A number alone is the group too (Dockerfile reference). */
async function ownerOf(
  stage: Tree,
  instruction: Instruction & CopyInstruction,
  expand: (text: string) => string,
): Promise<Owner | undefined> {
  if (instruction.chown === undefined) return undefined
  const text = expand(instruction.chown)
  try {
    const { uid, gid } = resolveUser(/^\d+$/.test(text) ? `${text}:${text}` : text, [], await readAccounts(stage.lower))
    return { uid, gid }
  } catch (error) {
    throw dockerfileError(
      instruction.position,
      instruction.kind.toUpperCase(),
      `--chown=${text}: ${String((error as Error).message)}`,
    )
  }
}

function modeOf(instruction: Instruction & CopyInstruction, expand: (text: string) => string): ModeChange | undefined {
  if (instruction.chmod === undefined) return undefined
  const text = expand(instruction.chmod)
  const change = parseFileMode(text)
  if (change !== undefined) return change
  throw dockerfileError(
    instruction.position,
    instruction.kind.toUpperCase(),
    `--chmod: expected octal digits such as 755, or words such as u=rwX,go=rX; found ${JSON.stringify(text)}`,
  )
}

/** Words of --chmod say nothing about a folder that is not copied; the last three digits do (BuildKit 0.25). */
function folderModeOf(instruction: CopyInstruction, expand: (text: string) => string): number {
  const text = instruction.chmod === undefined ? '' : expand(instruction.chmod)
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) & 0o777 : 0o755
}
