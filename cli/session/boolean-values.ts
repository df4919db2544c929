import type { Command, Option } from 'commander'

const truths = ['1', 't', 'T', 'true', 'TRUE', 'True']
const lies = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/**
 * Go's flags take `--detach=false` and `-t=0`, and scripts for docker use it; commander does not. Rewrites such words to what commander knows: the flag
 * itself, its `--no-` form, or nothing where that is the default. Stops where the arguments of another program begin.
 */
export function withoutBooleanValues(
  command: Command,
  args: readonly string[],
  passesThrough: boolean,
): readonly string[] {
  const words: string[] = []
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? ''
    const isPositional = !word.startsWith('-') || word === '-'
    if (word === '--' || (isPositional && passesThrough)) return [...words, ...args.slice(at)]
    const [, name = word, value] = word.match(/^(--?[A-Za-z-]+)=(.*)$/) ?? []
    const option = findOption(command, name)
    if (
      option &&
      !option.required &&
      !option.optional &&
      value !== undefined &&
      (truths.includes(value) || lies.includes(value))
    ) {
      words.push(...rewritten(command, option, truths.includes(value)))
      continue
    }
    // `-t=0` too is Go's: what stands behind the letter is the value, without the sign.
    words.push(option?.required && value !== undefined && name === option.short ? `${name}${value}` : word)
    if (option?.required && value === undefined && args[at + 1] !== undefined) {
      at += 1
      words.push(args[at] ?? '')
    }
  }
  return words
}

function rewritten(command: Command, option: Option, isOn: boolean): readonly string[] {
  const long = option.long ?? ''
  if (isOn) return [long]
  const opposite = option.negate ? long.replace(/^--no-/, '--') : long.replace(/^--/, '--no-')
  return findOption(command, opposite) ? [opposite] : []
}

function findOption(command: Command, name: string): Option | undefined {
  return command.options.find(option => option.long === name || option.short === name)
}
