import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { convertDockerRun } from '../convert/docker-run.ts'
import { splitShellWords } from '../load/canonical/shell-words.ts'
import { renderJson, renderYaml } from '../load/render-yaml.ts'
import { print } from '../session/context.ts'
import { config } from './config.ts'
import { type CommandDefinition, defineCommand } from './definition.ts'

interface ConvertFlags {
  readonly format: 'yaml' | 'json'
  readonly output?: string
}

/** Whether the words are a line for docker, and not the services that `docker compose convert` (its old name of `config`) takes. */
const programs = /^(sudo|(.*\/)?(docker|podman|nerdctl)|run|container|docker run .*)$/s

export const convert: CommandDefinition = defineCommand<ConvertFlags & Record<string, unknown>>({
  configure: command =>
    (config.configure?.(command) ?? command)
      .passThroughOptions()
      .addHelpText(
        'after',
        '\nWithout a line for docker it does what "berth config" does, as "docker compose convert" did.',
      ),
  details:
    'Turns a line such as "docker run -d -p 8080:80 nginx" into a stack file, on standard output or in the file that -o names. What a stack file has no ' +
    'word for is said on standard error.',
  examples: [
    { line: 'berth convert docker run -d -p 8080:80 -v data:/data nginx > stack.yaml', means: 'a stack file of it' },
    { line: `berth convert 'docker run --rm -it alpine sh'`, means: 'the line may be one word' },
  ],
  async run(context, words, flags) {
    if (!programs.test(words[0] ?? '')) return config.run(context, words, flags)
    const { stack, notes } = convertDockerRun(words.length === 1 ? split(words[0] ?? '') : words)
    // Nothing of a run line is for us to interpolate: a `$` stays one, and so is written as `$$`.
    const text = flags.format === 'json' ? renderJson(stack) : renderYaml(stack)
    if (flags.output === undefined) print(context, text)
    else await writeFile(resolve(context.cwd, flags.output), text)
    for (const note of notes) context.stderr.write(`${context.errorStyle.yellow('note:')} ${note}\n`)
    return 0
  },
})

function split(line: string): readonly string[] {
  // A line that is broken with backslashes, as documentation writes it.
  const words = splitShellWords(line.replaceAll('\\\n', ' '))
  if (words.ok) return words.words
  throw new BerthError('USAGE', `cannot read the line: ${words.message}`)
}
