import { resolve } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** Where a build's cache goes: into the image itself, and from there to a registry or a folder. */
export type CacheTarget =
  | { readonly kind: 'inline' }
  | { readonly kind: 'registry'; readonly reference: string }
  | { readonly kind: 'local'; readonly folder: string }

/** `image`, `type=registry,ref=image`, `type=local,src=folder` -> the image. Throws INVALID_ARGUMENT, NOT_IMPLEMENTED. */
export function parseCacheSource(text: string, cwd: string): string {
  if (!text.includes('=')) return text
  const fields = fieldsOf(text)
  switch (fields['type']) {
    case 'registry':
      return required(text, fields, 'ref')
    case 'local':
      return `oci:${resolve(cwd, required(text, fields, 'src'))}`
    default:
      throw unknown('cache_from', fields['type'], 'registry, local')
  }
}

/** `type=inline`, `type=registry,ref=image`, `type=local,dest=folder`; `mode` says nothing here: what the image is made of is kept. */
export function parseCacheTarget(text: string, cwd: string): CacheTarget {
  if (!text.includes('=')) return { kind: 'registry', reference: text }
  const fields = fieldsOf(text)
  switch (fields['type']) {
    case 'inline':
      return { kind: 'inline' }
    case 'registry':
      return { kind: 'registry', reference: required(text, fields, 'ref') }
    case 'local':
      return { kind: 'local', folder: resolve(cwd, required(text, fields, 'dest')) }
    default:
      throw unknown('cache_to', fields['type'], 'inline, registry, local')
  }
}

/** `a=b,c=d`. */
export const fieldsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text.split(',').map(field => {
      const at = field.indexOf('=')
      return at === -1 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)]
    }),
  )

function required(text: string, fields: Readonly<Record<string, string>>, name: string): string {
  const value = fields[name]
  if (value === undefined || value === '')
    throw new BerthError('INVALID_ARGUMENT', `cache ${JSON.stringify(text)}: ${name}= is missing`)
  return value
}

const unknown = (what: string, type: string | undefined, known: string): BerthError =>
  new BerthError('NOT_IMPLEMENTED', `${what}: expected a type of ${known}, found ${JSON.stringify(type ?? '')}`)
