import { commandOf } from './command-of.ts'
import { dockerfileError } from './dockerfile-error.ts'
import type { RunInstruction, RunMount } from './instruction.ts'
import type { LogicalLine } from './logical-lines.ts'
import { flagOf, readFlags } from './read-flags.ts'

const types = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const
/** Option names by type; `false` where a bare name means true. Source: the Dockerfile reference, RUN --mount. */
const common = ['type', 'target', 'dst', 'destination']
const optionsOf: Readonly<Record<RunMount['type'], readonly string[]>> = {
  bind: [...common, 'source', 'src', 'from', 'rw', 'readwrite', 'ro', 'readonly'],
  cache: [
    ...common,
    'id',
    'source',
    'src',
    'from',
    'sharing',
    'mode',
    'uid',
    'gid',
    'ro',
    'readonly',
    'rw',
    'readwrite',
  ],
  tmpfs: [...common, 'size'],
  secret: [...common, 'id', 'source', 'src', 'env', 'required', 'mode', 'uid', 'gid'],
  ssh: [...common, 'id', 'required', 'mode', 'uid', 'gid'],
}

export function parseRun(line: LogicalLine): RunInstruction {
  const { rest, position, heredocs } = line
  const read = readFlags(rest, 'RUN', position, {
    mount: 'values',
    network: 'value',
    security: 'value',
    device: 'values',
  })
  const network = flagOf(read, 'network') ?? 'default'
  if (network !== 'default' && network !== 'none' && network !== 'host')
    throw dockerfileError(
      position,
      'RUN',
      `--network: expected default, none or host, found ${JSON.stringify(network)}`,
    )
  const security = flagOf(read, 'security') ?? 'sandbox'
  if (security !== 'sandbox' && security !== 'insecure')
    throw dockerfileError(
      position,
      'RUN',
      `--security: expected sandbox or insecure, found ${JSON.stringify(security)}`,
    )
  if (read.flags.has('device')) throw dockerfileError(position, 'RUN', '--device is not supported')
  if (read.rest === '') throw dockerfileError(position, 'RUN', 'RUN requires at least one argument')
  const mounts = (read.flags.get('mount') ?? []).map(text => mountOf(line, text))
  return { kind: 'run', command: commandOf(read.rest), heredocs, mounts, network, isInsecure: security === 'insecure' }
}

function mountOf({ position }: LogicalLine, text: string): RunMount {
  const options: Record<string, string> = {}
  for (const field of text.split(',')) {
    const at = field.indexOf('=')
    options[(at === -1 ? field : field.slice(0, at)).toLowerCase()] = at === -1 ? 'true' : field.slice(at + 1)
  }
  const type = types.find(name => name === (options['type'] ?? 'bind'))
  if (type === undefined)
    throw dockerfileError(
      position,
      'RUN',
      `--mount: expected type ${types.join(', ')}, found ${JSON.stringify(options['type'])}`,
    )
  const unknown = Object.keys(options).find(name => !optionsOf[type].includes(name))
  if (unknown !== undefined)
    throw dockerfileError(position, 'RUN', `--mount=type=${type} has no option ${JSON.stringify(unknown)}`)
  return { type, options }
}
