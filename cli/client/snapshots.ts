import type { Readable } from 'node:stream'
import type { FilesystemChange } from '../../schemas/api/containers.ts'
import { type CallOptions, type EngineClient, withSignal } from './engine-client.ts'

const pathOf = (id: string, rest: string): string => `/containers/${encodeURIComponent(id)}${rest}`

/** The whole file system of a container as a tar archive; nothing of the mounts. */
export async function exportContainer(client: EngineClient, id: string, options: CallOptions = {}): Promise<Readable> {
  const { body } = await client.stream({ method: 'GET', path: pathOf(id, '/export'), ...withSignal(options) })
  return body
}

/** What differs from the image; null when nothing does. */
export function containerChanges(
  client: EngineClient,
  id: string,
  options: CallOptions = {},
): Promise<readonly FilesystemChange[] | null> {
  return client.json({ method: 'GET', path: pathOf(id, '/changes'), ...withSignal(options) })
}

export interface CommitRequest {
  readonly container: string
  readonly repo?: string | undefined
  readonly tag?: string | undefined
  readonly comment?: string | undefined
  readonly author?: string | undefined
  /** Hold the container still while its files are read. */
  readonly pause: boolean
  /** Dockerfile instructions: `ENV A=b`, `CMD ["sh"]`. */
  readonly changes: readonly string[]
}

/** Makes an image of a container; answers its id. */
export function commitContainer(
  client: EngineClient,
  { changes, ...query }: CommitRequest,
  options: CallOptions = {},
): Promise<{ readonly Id: string }> {
  // The Go client sends one `changes` per instruction; the engine also splits one text at its lines.
  const instructions = changes.length === 0 ? undefined : changes.join('\n')
  return client.json({
    method: 'POST',
    path: '/commit',
    query: { ...query, changes: instructions },
    body: {},
    ...withSignal(options),
  })
}
