import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { putArchive } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { createExec, inspectExec, startExec } from '../client/exec.ts'
import { isUnder, type SyncedPath } from './decide.ts'
import type { WatchRule } from './rules.ts'

/** Copies what is there into a container, and removes there what is gone here. Everything belongs to root there. */
export async function syncPaths(
  client: EngineClient,
  containerId: string,
  paths: readonly SyncedPath[],
): Promise<void> {
  const found = await Promise.all(
    paths.map(async path => ({ ...path, stats: await lstat(path.hostPath).catch(() => undefined) })),
  )
  const gone = found.filter(path => path.stats === undefined).map(path => path.containerPath)
  const folders = found.filter(path => path.stats?.isDirectory()).map(path => path.containerPath)
  const files = found.filter(path => path.stats !== undefined && !path.stats.isDirectory())
  if (gone.length > 0) await execInside(client, containerId, { command: ['rm', '-rf', '--', ...gone] })
  if (folders.length > 0) await execInside(client, containerId, { command: ['mkdir', '-p', '--', ...folders] })
  if (files.length === 0) return
  const { packTar } = await import('modern-tar/fs')
  const archive = packTar(
    files.map(({ hostPath, containerPath }) => ({
      type: 'file' as const,
      source: hostPath,
      target: containerPath.replace(/^\/+/, ''),
    })),
    { map: header => ({ ...header, uid: 0, gid: 0, uname: '', gname: '' }) },
  )
  await putArchive(client, containerId, { path: '/' }, archive)
}

export interface ExecInside {
  readonly command: readonly string[]
  readonly user?: string
  readonly workingDir?: string
}

/** Runs a program in a container to its end; what it writes goes to `onOutput`, and a failure is an error with its end. */
export async function execInside(
  client: EngineClient,
  containerId: string,
  { command, user = 'root', workingDir = '' }: ExecInside,
  onOutput: (text: string) => void = () => {},
): Promise<void> {
  const { Id } = await createExec(client, containerId, {
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
    Cmd: [...command],
    Env: [],
    User: user,
    WorkingDir: workingDir,
  })
  const { socket } = await startExec(client, Id, { Tty: true })
  let output = ''
  for await (const chunk of socket) {
    onOutput(String(chunk).replaceAll('\r\n', '\n'))
    output = `${output}${String(chunk)}`.slice(-500)
  }
  const { ExitCode } = await inspectExec(client, Id)
  if (ExitCode !== 0)
    throw new BerthError('INTERNAL', `"${command.join(' ')}" ended with ${ExitCode}: ${output.trim() || 'no output'}`)
}

/** Everything below a rule's path that it is about, for `initial_sync`. */
export async function allPaths(rule: WatchRule): Promise<readonly string[]> {
  const stats = await lstat(rule.path).catch(() => undefined)
  if (!stats) return []
  if (!stats.isDirectory()) return [rule.path]
  const walk = async (folder: string): Promise<readonly string[]> => {
    const entries = await readdir(folder, { withFileTypes: true })
    const found = await Promise.all(
      entries.map(async entry => {
        const path = join(folder, entry.name)
        if (!isUnder(rule, path)) return []
        return entry.isDirectory() ? walk(path) : [path]
      }),
    )
    return found.flat()
  }
  return walk(rule.path)
}
