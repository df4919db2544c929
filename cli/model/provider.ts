import { attributes, mapValues, text, texts } from './attributes.ts'
import type { Provider } from './project.ts'

/** `provider:` of a service; in canonical form each option is a list. */
export function provider(value: unknown): Provider | undefined {
  if (value === undefined) return undefined
  const { type, options } = attributes(value)
  return { type: text(type) ?? '', options: mapValues(options, each => texts(Array.isArray(each) ? each : [each])) }
}
