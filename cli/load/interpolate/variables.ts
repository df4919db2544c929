import type { TemplateVariable } from '../load-options.ts'
import type { Node } from '../yaml/node.ts'
import { readReference } from './template.ts'

/** Collects every variable that the texts of a tree name, nested defaults included; the first mention of a name wins. */
export function collectVariables(node: Node, into: Map<string, TemplateVariable>): void {
  switch (node.kind) {
    case 'scalar':
      if (typeof node.value === 'string') collectFromText(node.value, into)
      return
    case 'list':
      for (const item of node.items) collectVariables(item, into)
      return
    case 'map':
      for (const { value } of node.entries.values()) collectVariables(value, into)
      return
    default:
      node satisfies never
  }
}

function collectFromText(text: string, into: Map<string, TemplateVariable>): void {
  let at = text.indexOf('$')
  while (at !== -1) {
    const reference = text[at + 1] === '$' ? undefined : readReference(text, at)
    if (reference !== undefined) {
      const { name, operator, argument } = reference
      const previous = into.get(name)
      if (previous === undefined || (previous.defaultValue === '' && operator.endsWith('-'))) {
        into.set(name, {
          name,
          isRequired: operator.endsWith('?'),
          defaultValue: operator.endsWith('-') ? argument : '',
          alternateValue: operator.endsWith('+') ? argument : '',
        })
      }
      if (operator !== '' && !operator.endsWith('?')) collectFromText(argument, into)
    }
    at = text.indexOf('$', reference?.end ?? at + (text[at + 1] === '$' ? 2 : 1))
  }
}
