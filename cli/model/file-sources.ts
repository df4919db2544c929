import { createHash } from 'node:crypto'
import { attributes, text } from './attributes.ts'
import type { FileSource } from './project.ts'

export function fileSource(value: unknown, key: string, environment: ReadonlyMap<string, string>): FileSource {
  const own = attributes(value)
  const base = { key, name: text(own['name']) ?? key }
  const [file, variable, content] = [text(own['file']), text(own['environment']), text(own['content'])]
  if (own['external'] === true) return { ...base, kind: 'external' }
  if (file !== undefined) return { ...base, kind: 'file', path: file }
  if (variable !== undefined) return { ...base, kind: 'environment', variable, value: environment.get(variable) }
  return { ...base, kind: 'content', content: content ?? '' }
}

export type ReadFile = (path: string) => Uint8Array

/** What the content of a secret or config is, for the hash of those who use it: two equal contents are one, wherever they come from. */
export function contentDigest(source: FileSource, readFile: ReadFile): string {
  switch (source.kind) {
    case 'file':
      try {
        return sha256(readFile(source.path))
      } catch {
        // Reported where the file is needed: `config` works without it, as in Compose.
        return 'missing'
      }
    case 'environment':
      return source.value === undefined ? 'missing' : sha256(source.value)
    case 'content':
      return sha256(source.content)
    case 'external':
      return `external:${source.name}`
    default:
      return source satisfies never
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
