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
