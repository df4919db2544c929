import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The mirror that this host's apt takes Debian's packages from; undefined when its sources name none by http. */
export async function aptMirror(folder = '/etc/apt'): Promise<string | undefined> {
  const parts = await readdir(join(folder, 'sources.list.d')).catch(() => [])
  const files = ['sources.list', ...parts.sort().map(name => join('sources.list.d', name))]
  for (const file of files) {
    const found = mirrorIn(await readFile(join(folder, file), 'utf8').catch(() => ''))
    if (found !== undefined) return found
  }
  return undefined
}

/** In one-line format (`deb [options] URL suite …`) or in deb822's (`URIs: URL …`); security updates have a mirror of their own. */
export function mirrorIn(sources: string): string | undefined {
  const pattern = /^(?:deb(?:\s+\[[^\]]*\])?|URIs:)\s+(https?:\/\/\S+?\/debian)\/?(?=\s|$)/m
  return pattern.exec(sources)?.[1]
}
