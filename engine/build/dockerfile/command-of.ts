import type { Command } from './instruction.ts'
import { parseJsonList } from './split-words.ts'

/** The exec form when the text is a JSON list of strings, the shell form otherwise. */
export function commandOf(text: string): Command {
  const words = parseJsonList(text)
  return words === undefined ? { form: 'shell', text } : { form: 'exec', words }
}
