import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { Context } from './context.ts'

/** Asks on the terminal; `isSecret`: what is typed is not shown. Throws USAGE when there is no terminal, CANCELLED at Ctrl-C or Ctrl-D. */
export async function ask(context: Context, question: string, { isSecret = false } = {}): Promise<string> {
  const { stderr } = context
  const stdin = context.stdin()
  if (stdin.isTTY !== true)
    throw new BerthError('USAGE', `cannot ask "${question.trim()}": standard input is no terminal`, {
      hint: 'give it as a flag, or with --password-stdin',
    })
  stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: isSecret ? silent : stderr, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('SIGINT', () => reject(new BerthError('CANCELLED', 'interrupted')))
      lines.once('close', () => reject(new BerthError('CANCELLED', 'interrupted')))
    })
  } finally {
    lines.removeAllListeners('close')
    lines.close()
    if (isSecret) stderr.write('\n')
  }
}
