import { Argument, Command } from 'commander'
import { complete } from '../completion/complete.ts'
import { liveNames } from '../completion/live-names.ts'
import { completionScripts, type Shell } from '../completion/scripts.ts'
import { type Context, print } from '../session/context.ts'
import { addGlobalFlags, type GlobalFlags } from '../session/globals.ts'
import { sanitizeLine } from '../ui/sanitize.ts'
import { defineCommand } from './definition.ts'

const patienceMs = 1000

export const completion = defineCommand({
  configure: command =>
    command.addArgument(new Argument('<SHELL>', 'which shell').choices(Object.keys(completionScripts))),
  details:
    'Prints a script that completes commands, flags, and the names of services, containers, networks, volumes and images that exist now.',
  examples: [
    { line: 'source <(berth completion bash)', means: 'in ~/.bashrc' },
    { line: 'source <(berth completion zsh)', means: 'in ~/.zshrc, after compinit' },
    { line: 'berth completion fish | source', means: 'in ~/.config/fish/config.fish' },
  ],
  async run(context, [shell = '']) {
    print(context, completionScripts[shell as Shell])
    return 0
  },
})

/** What the scripts call at a Tab: the words after `berth`, the last being the one at the cursor. */
export const completeWords = defineCommand({
  configure: command => command.argument('[WORDS...]').passThroughOptions().allowUnknownOption(),
  async run(context, words) {
    const { words: found, kind, globalWords } = await complete(words)
    for (const { word, description } of found)
      print(context, `${word}${description ? `\t${sanitizeLine(description)}` : ''}\n`)
    if (kind === 'path') print(context, ':files\n')
    else if (kind !== undefined) {
      const current = words.at(-1) ?? ''
      const names = await liveNames(quiet(context, globalWords), kind).catch(() => [])
      print(
        context,
        names
          .filter(name => name.startsWith(current))
          .map(name => `${sanitizeLine(name)}\n`)
          .join(''),
      )
    }
    return 0
  },
})

/** The context that the words before the command ask for; a Tab must neither start a daemon nor warn nor hang. */
function quiet(context: Context, globalWords: readonly string[]): Context {
  const program = addGlobalFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  let flags: Partial<GlobalFlags> = {}
  try {
    flags = program.parse(globalWords, { from: 'user' }).opts<GlobalFlags>()
  } catch {
    // Half of a line is seldom right; names of the default stack and engine are better than none.
  }
  return {
    ...context,
    globals: { ...context.globals, ...flags, progress: 'quiet', autostart: false },
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(patienceMs)]),
  }
}
