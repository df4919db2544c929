import { createHash } from 'node:crypto'
import { readEntries } from '../../engine/build/tar/read-entries.ts'
import type { ApiEngine } from './api-engine.ts'
import { type TarItem, tar } from './tar-writer.ts'

export type TarItems = readonly TarItem[]

export interface BuildAnswer {
  readonly status: number
  /** Everything that was said, joined. */
  readonly text: string
  readonly id: string
  readonly error: string
  readonly code: number | undefined
}

/** POST /build with these files as its context. `{BASE}` is the engine's image. */
export async function build(
  api: ApiEngine,
  dockerfile: string,
  options: {
    readonly files?: TarItems
    readonly query?: Readonly<Record<string, string>>
    readonly headers?: Record<string, string>
  } = {},
): Promise<BuildAnswer> {
  const context = tar(
    { name: 'Dockerfile', content: dockerfile.replaceAll('{BASE}', api.image) },
    ...(options.files ?? []),
  )
  const query = new URLSearchParams({ rm: '1', forcerm: '1', ...options.query })
  const answer = await api.request('POST', `/build?${query}`, context, options.headers ?? {})
  const messages = answer.text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(
      line =>
        JSON.parse(line) as { stream?: string; aux?: { ID: string }; error?: string; errorDetail?: { code?: number } },
    )
  return {
    status: answer.status,
    text: messages.map(({ stream = '' }) => stream).join(''),
    id: messages.findLast(({ aux }) => aux?.ID !== undefined)?.aux?.ID ?? '',
    error: messages.find(({ error }) => error !== undefined)?.error ?? answer.message,
    code: messages.find(({ errorDetail }) => errorDetail !== undefined)?.errorDetail?.code,
  }
}

/** The file tree of an image: `type mode uid:gid path [-> link] [digest]`, sorted. What an engine adds at a container's start is left out. */
export async function treeOf(api: ApiEngine, image: string): Promise<string[]> {
  const { Id } = await api.call<{ Id: string }>('POST', '/containers/create', {
    Image: image,
    Cmd: ['x'],
    Entrypoint: [],
  })
  try {
    const lines: string[] = []
    const stream = await api.open('GET', `/containers/${Id}/export`)
    for await (const { entry, content } of readEntries(stream)) {
      const name = entry.name.replace(/^\.?\//, '').replace(/\/$/, '')
      if (name === '' || /^(dev|proc|sys|etc\/(hosts|hostname|resolv\.conf|mtab)|\.dockerenv)(\/|$)/.test(name))
        continue
      const hash = createHash('sha256')
      if (entry.flag === '0') for await (const piece of content) hash.update(piece)
      const end =
        entry.flag === '0' ? ` ${hash.digest('hex').slice(0, 12)}` : entry.flag === '2' ? ` -> ${entry.linkName}` : ''
      const xattrs = [...entry.attributes.keys()].filter(key => key.startsWith('SCHILY.xattr.')).join(',')
      const flag = entry.flag === '1' ? '0' : entry.flag
      lines.push(
        `${flag} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${name}${entry.flag === '1' ? ` = ${entry.linkName}` : end}${xattrs}`,
      )
    }
    return lines.sort()
  } finally {
    await api.call('DELETE', `/containers/${Id}?force=1`)
  }
}
