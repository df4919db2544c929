import * as z from 'zod/mini'
import { serviceDescriptions, topLevelDescriptions } from './descriptions.ts'
import { stackSchema } from './stack.ts'

interface JsonObject {
  properties?: Record<string, { description?: string }>
  patternProperties?: Record<string, unknown>
  additionalProperties?: unknown
  title?: string
}

/** The JSON Schema (draft 2020-12) of a stack file for editors, with a line on each attribute; `x-` keys are allowed everywhere. */
export function stackJsonSchema(): unknown {
  const schema = z.toJSONSchema(stackSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const object = jsonSchema as JsonObject
      if (object.properties === undefined || object.additionalProperties !== false) return
      object.patternProperties = { '^x-': {} }
      if (zodSchema === (stackSchema as unknown)) describe(object, topLevelDescriptions)
      else if ('image' in object.properties && 'network_mode' in object.properties)
        describe(object, serviceDescriptions)
    },
  })
  return { ...schema, title: 'Stack file' }
}

function describe({ properties = {} }: JsonObject, descriptions: Readonly<Record<string, string>>): void {
  for (const [key, property] of Object.entries(properties)) {
    const description = descriptions[key]
    if (description !== undefined) property.description = description
  }
}
