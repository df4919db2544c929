import { attributes, text } from './attributes.ts'
import type { FileSource } from './project.ts'

/** `contentOf` gives the value of a variable as the file that names it sees it. */
export function fileSource(
  value: unknown,
  key: string,
  contentOf: (key: string, variable: string) => string | undefined,
): FileSource {
  const own = attributes(value)
  const base = { key, name: text(own['name']) ?? key }
  const [file, variable, content] = [text(own['file']), text(own['environment']), text(own['content'])]
  if (own['external'] === true) return { ...base, kind: 'external' }
  if (file !== undefined) return { ...base, kind: 'file', path: file }
  if (variable !== undefined) return { ...base, kind: 'environment', variable, value: contentOf(key, variable) }
  return { ...base, kind: 'content', content: content ?? '' }
}
