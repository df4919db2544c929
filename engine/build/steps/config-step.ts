import { posix } from 'node:path'
import type { ImageConfig } from '../../images/oci.ts'
import { dockerfileError } from '../dockerfile/dockerfile-error.ts'
import { expandWord } from '../dockerfile/expand.ts'
import type { Command, Instruction, Pair } from '../dockerfile/instruction.ts'
import { splitQuoted } from '../dockerfile/split-words.ts'
import { environmentOf, type StageState, shellOf, variablesOf } from '../stage-state.ts'

/** What an instruction that makes no layer changes, and how the history tells it; undefined for the others. Pure. */
export function applyConfigStep(
  state: StageState,
  instruction: Instruction,
  escapeMark: string,
): { readonly state: StageState; readonly createdBy: string } | undefined {
  const variables = variablesOf(state)
  const expand = (text: string): string => expandWord(text, variables, escapeMark)
  const withConfig = (config: Partial<ImageConfig>, createdBy: string) => ({
    state: { ...state, config: { ...state.config, ...config } },
    createdBy,
  })
  const { config } = state
  switch (instruction.kind) {
    case 'env': {
      const pairs = expandPairs(instruction.pairs, expand)
      const environment = new Map([...environmentOf(state), ...pairs])
      const Env = [...environment].map(([name, value]) => `${name}=${value}`)
      return withConfig({ Env }, `ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`)
    }
    case 'label': {
      const pairs = expandPairs(instruction.pairs, expand)
      const Labels = { ...config.Labels, ...Object.fromEntries(pairs) }
      return withConfig({ Labels }, `LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`)
    }
    case 'cmd': {
      const Cmd = wordsOf(instruction.command, state)
      const next = withConfig({ Cmd }, `CMD ${JSON.stringify(Cmd)}`)
      return { ...next, state: { ...next.state, hasOwnCommand: true } }
    }
    case 'entrypoint': {
      const Entrypoint = wordsOf(instruction.command, state)
      const { Cmd: _dropped, ...rest } = config
      // A command that came with the base belongs to the base's entry point (moby, builder/dockerfile/dispatchers.go); one of this stage stays.
      return {
        state: { ...state, config: { ...(state.hasOwnCommand ? config : rest), Entrypoint } },
        createdBy: `ENTRYPOINT ${JSON.stringify(Entrypoint)}`,
      }
    }
    case 'shell':
      return withConfig({ Shell: [...instruction.words] }, `SHELL [${instruction.words.join(' ')}]`)
    case 'expose': {
      const words = instruction.words.flatMap(word => splitQuoted(expand(word), escapeMark))
      const ports = words.flatMap(word => portsOf(word) ?? refusePort(instruction, word))
      const ExposedPorts = { ...config.ExposedPorts, ...setOf(ports) }
      return withConfig({ ExposedPorts }, `EXPOSE ${JSON.stringify(ports)}`)
    }
    case 'volume': {
      const paths = instruction.words.map(expand)
      if (paths.includes(''))
        throw dockerfileError(instruction.position, 'VOLUME', 'VOLUME specified can not be an empty string')
      return withConfig({ Volumes: { ...config.Volumes, ...setOf(paths) } }, `VOLUME [${paths.join(' ')}]`)
    }
    case 'user':
      return withConfig({ User: expand(instruction.text) }, `USER ${expand(instruction.text)}`)
    case 'stopsignal': {
      const signal = expand(instruction.text)
      if (!/^(SIG[A-Z0-9+-]+|[A-Z]+[0-9+-]*|\d+)$/i.test(signal))
        throw dockerfileError(instruction.position, 'STOPSIGNAL', `invalid signal: ${signal}`)
      return withConfig({ StopSignal: signal }, `STOPSIGNAL ${signal}`)
    }
    case 'healthcheck': {
      const { command, options } = instruction
      const Test =
        command === undefined
          ? ['NONE']
          : command.form === 'exec'
            ? ['CMD', ...command.words]
            : ['CMD-SHELL', command.text]
      return withConfig({ Healthcheck: { ...options, Test } }, `HEALTHCHECK ${JSON.stringify({ Test, ...options })}`)
    }
    case 'onbuild':
      return withConfig({ OnBuild: [...(config.OnBuild ?? []), instruction.text] }, `ONBUILD ${instruction.text}`)
    case 'maintainer':
      return { state: { ...state, author: instruction.text }, createdBy: `MAINTAINER ${instruction.text}` }
    default:
      return undefined
  }
}

/** Where WORKDIR leads. */
export function workingDirectory({ config }: StageState, text: string): string {
  return posix.resolve(config.WorkingDir || '/', text)
}

/** All words of one ENV see the variables as they were before it. */
const expandPairs = (pairs: readonly Pair[], expand: (text: string) => string): [string, string][] =>
  pairs.map(({ name, value }) => [expand(name), expand(value)])

const wordsOf = (command: Command, state: StageState): string[] =>
  command.form === 'exec' ? [...command.words] : command.text === '' ? [] : [...shellOf(state), command.text]

const setOf = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map(name => [name, {}]))

/** `80`, `80/udp`, `8000-8002`. */
function portsOf(word: string): string[] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? match?.[1])
  if (match === null || last > 65_535 || last < first) return undefined
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${(match[3] ?? 'tcp').toLowerCase()}`)
}

function refusePort({ position }: Instruction, word: string): never {
  throw dockerfileError(position, 'EXPOSE', `invalid containerPort: ${word}`)
}
