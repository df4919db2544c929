import type * as z from 'zod/mini'
import { stackSchema } from '../../../schemas/stack/stack.ts'

/** The keys that the schema knows at a path; the attribute names that a misspelt one is compared with. */
export function knownKeys(path: readonly (string | number)[]): readonly string[] {
  let schemas: readonly AnySchema[] = [stackSchema]
  for (const key of path) schemas = schemas.flatMap(schema => step(schema, key))
  return [...new Set(schemas.flatMap(schema => keysOf(schema)))]
}

type AnySchema = z.core.$ZodType

interface SchemaDefinition {
  readonly type: string
  readonly shape?: Readonly<Record<string, AnySchema>>
  readonly options?: readonly AnySchema[]
  readonly innerType?: AnySchema
  readonly element?: AnySchema
  readonly valueType?: AnySchema
}

function definitionOf(schema: AnySchema): SchemaDefinition {
  return schema._zod.def as unknown as SchemaDefinition
}

function step(schema: AnySchema, key: string | number): readonly AnySchema[] {
  const { type, shape, options, innerType, element, valueType } = definitionOf(schema)
  switch (type) {
    case 'object': {
      const child = shape?.[key]
      return child === undefined ? [] : [child]
    }
    case 'record':
      return valueType === undefined ? [] : [valueType]
    case 'array':
      return element === undefined ? [] : [element]
    case 'union':
      return (options ?? []).flatMap(option => step(option, key))
    default:
      return innerType === undefined ? [] : step(innerType, key)
  }
}

function keysOf(schema: AnySchema): readonly string[] {
  const { type, shape, options, innerType } = definitionOf(schema)
  if (type === 'object') return Object.keys(shape ?? {})
  if (type === 'union') return (options ?? []).flatMap(keysOf)
  return innerType === undefined ? [] : keysOf(innerType)
}
