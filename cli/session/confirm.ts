import { createInterface } from 'node:readline/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { Context } from './context.ts'

/** Asks a question whose answer is yes or no; no is the default. Without a terminal it is an error that names the flag to use. */
export async function confirm(context: Context, question: string, flag: string): Promise<boolean> {
  const input = context.stdin()
  if (!input.isTTY)
    throw new BerthError('USAGE', 'cannot ask whether to go on: standard input is no terminal', {
      hint: `use ${flag}`,
    })
  const dialogue = createInterface({ input, output: context.stderr })
  try {
    const answer = await dialogue.question(`${question} [yN] `, { signal: context.signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    dialogue.close()
  }
}
