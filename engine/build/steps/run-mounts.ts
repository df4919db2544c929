import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Readable } from 'node:stream'
import type { ContainerFile } from '../../../schemas/api/berth.ts'
import type { MountSpec } from '../../../schemas/api/host-config.ts'
import { dockerfileError } from '../dockerfile/dockerfile-error.ts'
import type { Instruction, RunInstruction, RunMount } from '../dockerfile/instruction.ts'
import type { EntryWithContent } from '../tar/entry.ts'
import { writeEntries } from '../tar/write-entries.ts'
import type { Tree, Workspace } from '../workspace.ts'
import { digestEntries, placeEntries } from './copy-plan.ts'
import { findSources, isFolderAt } from './copy-sources.ts'
import type { ServedAgent } from './serve-agents.ts'

export interface PreparedMounts {
  readonly mounts: readonly MountSpec[]
  readonly files: readonly ContainerFile[]
  readonly environment: readonly string[]
  /** What an empty file or folder in the layer is left from. */
  readonly targets: readonly string[]
  /** For the cache key: what the step may read, and the names of what it may use. Values of secrets are not in it. */
  readonly identity: readonly string[]
  /** Cache folders that one step at a time may use. */
  readonly locks: readonly string[]
  /** Sockets that must be served while the step runs. */
  readonly agents: readonly ServedAgent[]
}

export interface MountEnvironment {
  readonly workspace: Workspace
  readonly workingDirectory: string
  /** By id. */
  readonly secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents by id. */
  readonly agents: ReadonlyMap<string, string>
  /** Where cache mounts are kept over builds. */
  readonly cacheRoot: string
  readonly expand: (text: string) => string
  /** The tree that `from` names; the build context without one. */
  readonly treeFor: (from: string | undefined) => Promise<Tree>
  readonly signal: AbortSignal
}

const limits = { maxBytes: 128 * 1024 ** 3, maxEntries: 4_000_000 }

export async function prepareMounts(
  environment: MountEnvironment,
  instruction: Instruction & RunInstruction,
): Promise<PreparedMounts> {
  const prepared = await Promise.all(instruction.mounts.map(mount => prepareMount(environment, instruction, mount)))
  return {
    mounts: prepared.flatMap(part => part.mounts ?? []),
    files: prepared.flatMap(part => part.files ?? []),
    environment: prepared.flatMap(part => part.environment ?? []),
    targets: prepared.flatMap(part => part.targets ?? []),
    identity: prepared.flatMap(part => part.identity ?? []),
    locks: prepared.flatMap(part => part.locks ?? []).sort(),
    agents: prepared.flatMap(part => part.agents ?? []),
  }
}

async function prepareMount(
  environment: MountEnvironment,
  instruction: Instruction & RunInstruction,
  mount: RunMount,
): Promise<Partial<PreparedMounts>> {
  const { options } = mount
  const given = options['target'] ?? options['dst'] ?? options['destination']
  const target =
    given === undefined ? undefined : posix.resolve(environment.workingDirectory, environment.expand(given))
  switch (mount.type) {
    case 'secret':
      return secret(environment, instruction, options, target)
    case 'ssh':
      return agent(environment, instruction, options, target)
    default:
  }
  if (target === undefined || target === '/')
    throw dockerfileError(instruction.position, 'RUN', `--mount=type=${mount.type} needs a target that is not /`)
  switch (mount.type) {
    case 'tmpfs': {
      const size = Number(options['size'] ?? 0)
      const TmpfsOptions = size > 0 ? { TmpfsOptions: { SizeBytes: size } } : {}
      return {
        mounts: [{ Type: 'tmpfs', Target: target, ...TmpfsOptions }],
        targets: targetsOf(target),
        identity: [`tmpfs ${target}`],
      }
    }
    case 'cache':
      return cache(environment, options, target)
    case 'bind':
      return bind(environment, options, target)
    default:
      return mount.type satisfies never
  }
}

/** A file in memory: what a container is given otherwise is part of its record on the disk. */
async function keepSecret(
  workspace: Workspace,
  content: Buffer,
  options: Readonly<Record<string, string>>,
): Promise<string> {
  const path = join(await workspace.folder('secret', true), 'content')
  await writeFile(path, content, { mode: 0o600 })
  await chown(path, Number(options['uid'] ?? 0), Number(options['gid'] ?? 0))
  await chmod(path, Number.parseInt(options['mode'] ?? '400', 8))
  return path
}

async function secret(
  { secrets, expand, workspace }: MountEnvironment,
  { position }: Instruction,
  options: Readonly<Record<string, string>>,
  target: string | undefined,
): Promise<Partial<PreparedMounts>> {
  const id = options['id'] ?? posix.basename(options['source'] ?? options['src'] ?? target ?? '')
  if (id === '') throw dockerfileError(position, 'RUN', '--mount=type=secret needs an id')
  const content = secrets.get(expand(id))
  const variable = options['env']
  const path = target ?? (variable === undefined ? `/run/secrets/${id}` : undefined)
  const identity = [`secret ${id} ${path ?? ''} ${variable ?? ''}`]
  if (content === undefined) {
    if (['true', '1'].includes(options['required'] ?? ''))
      throw dockerfileError(position, 'RUN', `the secret ${id} was not given: --secret id=${id},src=FILE`)
    return { identity }
  }
  return {
    ...(path === undefined
      ? {}
      : {
          mounts: [
            { Type: 'bind', Source: await keepSecret(workspace, content, options), Target: path, ReadOnly: true },
          ],
        }),
    ...(path === undefined ? {} : { targets: targetsOf(path) }),
    ...(variable === undefined ? {} : { environment: [`${variable}=${content.toString('utf8')}`] }),
    identity,
  }
}

/** An agent of the client’s, at a socket of its own with the owner that is asked for: agents talk to their own user and root only. */
async function agent(
  { agents, workspace, expand }: MountEnvironment,
  { position }: Instruction,
  options: Readonly<Record<string, string>>,
  target: string | undefined,
): Promise<Partial<PreparedMounts>> {
  const id = expand(options['id'] ?? 'default')
  const path = target ?? `/run/buildkit/ssh_agent.${id}`
  const identity = [`ssh ${id} ${path}`]
  const socket = agents.get(id)
  if (socket === undefined) {
    if (isOn(options, 'required'))
      throw dockerfileError(position, 'RUN', `the ssh agent ${id} was not given: --ssh ${id}`)
    return { identity }
  }
  const served = {
    agent: socket,
    path: join(await workspace.folder('ssh', true), 'agent'),
    mode: Number.parseInt(options['mode'] ?? '600', 8),
    uid: Number(options['uid'] ?? 0),
    gid: Number(options['gid'] ?? 0),
  }
  return {
    mounts: [{ Type: 'bind', Source: served.path, Target: path }],
    environment: [`SSH_AUTH_SOCK=${path}`],
    targets: targetsOf(path),
    agents: [served],
    identity,
  }
}

async function cache(
  environment: MountEnvironment,
  options: Readonly<Record<string, string>>,
  target: string,
): Promise<Partial<PreparedMounts>> {
  const id = environment.expand(options['id'] ?? target)
  const folder = join(environment.cacheRoot, createHash('sha256').update(id).digest('hex').slice(0, 32))
  const source = join(folder, 'data')
  const owner = { uid: Number(options['uid'] ?? 0), gid: Number(options['gid'] ?? 0) }
  const mode = Number.parseInt(options['mode'] ?? '755', 8)
  if ((await mkdir(source, { recursive: true, mode })) !== undefined) {
    await chmod(source, mode)
    await chown(source, owner.uid, owner.gid)
    if (options['from'] !== undefined) await materialise(environment, options, source)
  }
  const isReadOnly = isOn(options, 'ro', 'readonly')
  return {
    mounts: [{ Type: 'bind', Source: source, Target: target, ReadOnly: isReadOnly }],
    targets: targetsOf(target),
    identity: [`cache ${id} ${target}`],
    locks: (options['sharing'] ?? 'shared') === 'shared' ? [] : [source],
  }
}

/** What a step writes into a bind goes nowhere: it has a copy of its own. */
async function bind(
  environment: MountEnvironment,
  options: Readonly<Record<string, string>>,
  target: string,
): Promise<Partial<PreparedMounts>> {
  const folder = await environment.workspace.folder('bind')
  const { digest, path } = await materialise(environment, options, folder)
  const isWritable = isOn(options, 'rw', 'readwrite')
  return {
    mounts: [{ Type: 'bind', Source: path, Target: target, ReadOnly: !isWritable }],
    targets: targetsOf(target),
    identity: [`bind ${target} ${digest}`],
  }
}

/** Copies what `from` and `source` name below a folder; answers where it lies now. */
async function materialise(
  { workspace, treeFor, expand, signal }: MountEnvironment,
  options: Readonly<Record<string, string>>,
  folder: string,
): Promise<{ readonly digest: string; readonly path: string }> {
  const tree = await treeFor(options['from'])
  const source = expand(options['source'] ?? options['src'] ?? '/')
  const [found] = await findSources(workspace, tree, source.replace(/[*?[]/g, '\\$&'), signal)
  if (found === undefined) throw new Error(`${source} was not found`)
  const isFolder = await isFolderAt(workspace, tree, found.path, signal)
  const rules = {
    destination: isFolder ? '/' : '/file',
    isInto: false,
    keepsParents: false,
    owner: undefined,
    mode: undefined,
    folderMode: 0o755,
    excludes: () => false,
  }
  const entries = () => namingRoot(placeEntries([found], rules))
  const { digest } = await digestEntries(entries())
  await workspace.workers.unpack(
    { target: folder, ...limits, whiteouts: 'none' },
    { archive: Readable.from(writeEntries(entries())), signal },
  )
  return { digest, path: isFolder ? folder : join(folder, 'file') }
}

/** The folder itself is the archive's own entry for its root. */
async function* namingRoot(
  entries: AsyncIterable<EntryWithContent>,
): AsyncGenerator<EntryWithContent, void, undefined> {
  for await (const { entry, content } of entries)
    yield { entry: entry.name === '' ? { ...entry, name: './' } : entry, content }
}

const isOn = (options: Readonly<Record<string, string>>, ...names: readonly string[]): boolean =>
  names.some(name => ['true', '1', ''].includes(options[name] ?? 'false'))

/** `/a/b` -> a, a/b: also the folders that were made on the way go where they are empty. */
function targetsOf(path: string): string[] {
  const parts = path.split('/').filter(part => part !== '')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
