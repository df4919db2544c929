import { BerthError } from '../../../schemas/errors.ts'
import { dockerfileError } from './dockerfile-error.ts'
import type { Dockerfile, Instruction, Stage } from './instruction.ts'
import { type LogicalLine, readLogicalLines } from './logical-lines.ts'
import { parseInstruction } from './parse-instruction.ts'
import { flagOf, readFlags } from './read-flags.ts'

/** A Dockerfile's text into stages. Throws INVALID_ARGUMENT that names file, line and instruction. */
export function parseDockerfile(text: string, file = 'Dockerfile'): Dockerfile {
  const { escapeMark, lines } = readLogicalLines(text, file)
  if (lines.length === 0) throw new BerthError('INVALID_ARGUMENT', `${file}: the file with no instructions`)
  const globalArgs: Instruction[] = []
  const stages: (Omit<Stage, 'instructions'> & { readonly instructions: Instruction[] })[] = []
  for (const line of lines) {
    if (line.name === 'FROM') {
      stages.push({ ...parseFrom(line, stages.length), instructions: [] })
      continue
    }
    const instruction = parseInstruction(line, escapeMark)
    const stage = stages.at(-1)
    if (stage !== undefined) stage.instructions.push(instruction)
    else if (instruction.kind === 'arg') globalArgs.push(instruction)
    else throw dockerfileError(line.position, line.name, 'no build stage in current context: FROM must come first')
  }
  if (stages.length === 0) throw new BerthError('INVALID_ARGUMENT', `${file}: no build stage: there is no FROM`)
  return { escapeMark, globalArgs, stages }
}

/** A trigger of ONBUILD, or of `--change`: one instruction without a file. */
export function parseTrigger(text: string, file: string): Instruction {
  const { escapeMark, lines } = readLogicalLines(text, file)
  const [line] = lines
  if (line === undefined || lines.length > 1)
    throw new BerthError('INVALID_ARGUMENT', `${file}: expected one instruction, found ${lines.length}`)
  return parseInstruction(line, escapeMark)
}

function parseFrom(line: LogicalLine, index: number): Omit<Stage, 'instructions'> {
  const { position } = line
  const read = readFlags(line.rest, 'FROM', position, { platform: 'value' })
  const [base, as, name, ...more] = read.rest.split(/\s+/)
  if (
    base === undefined ||
    base === '' ||
    more.length > 0 ||
    (as !== undefined && as.toUpperCase() !== 'AS') ||
    (as !== undefined && name === undefined)
  )
    throw dockerfileError(position, 'FROM', `expected FROM image [AS name], found ${JSON.stringify(read.rest)}`)
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/i.test(name))
    throw dockerfileError(
      position,
      'FROM',
      `invalid name for build stage: ${JSON.stringify(name)}, a name can't start with a number or contain symbols`,
    )
  return { index, name: name?.toLowerCase(), base, platform: flagOf(read, 'platform'), position }
}
