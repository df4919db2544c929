import { Readable } from 'node:stream'
import type { ContainerFile } from '../../schemas/api/berth.ts'
import { putArchive } from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import type { PlannedFile } from '../plan/plan.ts'

/** Secrets and configs as berthd takes them: it writes them on a tmpfs of the container's own, and never shows their content. */
export function containerFiles(
  files: readonly PlannedFile[],
  contents: ReadonlyMap<string, Buffer>,
): readonly ContainerFile[] {
  return files.map(({ kind, source, path, uid, gid, mode }) => ({
    Path: path,
    Mode: mode,
    Uid: uid,
    Gid: gid,
    Content: (contents.get(`${kind}:${source}`) ?? Buffer.alloc(0)).toString('base64'),
  }))
}

/** For every other engine: copied into the container's own layer after it was made, owner and mode included. */
export async function injectFiles(
  client: EngineClient,
  id: string,
  files: readonly PlannedFile[],
  contents: ReadonlyMap<string, Buffer>,
): Promise<void> {
  // Loaded only here: berthd takes files with the create request.
  const { packTar } = await import('modern-tar')
  const entries = files.map(({ kind, source, path, uid, gid, mode }) => {
    const body = contents.get(`${kind}:${source}`) ?? Buffer.alloc(0)
    return {
      header: { name: path.replace(/^\/+/, ''), size: body.length, mode, uid, gid, type: 'file' as const },
      body,
    }
  })
  const archive = await packTar(entries)
  await putArchive(client, id, { path: '/' }, Readable.from([Buffer.from(archive)]))
}
