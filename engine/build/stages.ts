import { BerthError } from '../../schemas/errors.ts'
import { dockerfileError } from './dockerfile/dockerfile-error.ts'
import { expandWord, type Variables } from './dockerfile/expand.ts'
import type { Dockerfile, Instruction, Stage } from './dockerfile/instruction.ts'

/** Where something comes from: another stage, or what the name says elsewhere (image, context, `scratch`). */
export type Source =
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'name'; readonly name: string }

export interface PlannedStage {
  readonly stage: Stage
  readonly base: Source
  /** Stages that must be there before it. */
  readonly needs: readonly number[]
}

/**
 * The stages that `target` (a name or number; the last one by default) needs, in the file's order. Pure. Throws INVALID_ARGUMENT for an unknown
 * target, a stage that needs itself or a later one.
 */
export function planStages(file: Dockerfile, target: string, globals: Variables): readonly PlannedStage[] {
  const planned = file.stages.map(stage => planStage(file, stage, globals))
  const wanted = new Set<number>()
  const visit = (index: number): void => {
    if (wanted.has(index)) return
    wanted.add(index)
    for (const needed of planned[index]?.needs ?? []) visit(needed)
  }
  visit(targetIndex(file, target))
  return planned.filter(({ stage }) => wanted.has(stage.index))
}

export function targetIndex(file: Dockerfile, target: string): number {
  if (target === '') return file.stages.length - 1
  const found = findStage(file.stages, target)
  if (found !== undefined) return found
  const names = file.stages.flatMap(({ name }) => (name === undefined ? [] : [name]))
  throw new BerthError(
    'INVALID_ARGUMENT',
    `target stage ${JSON.stringify(target)} could not be found; the Dockerfile has ${names.length === 0 ? 'no named stages' : names.join(', ')}`,
  )
}

function planStage(file: Dockerfile, stage: Stage, globals: Variables): PlannedStage {
  const earlier = file.stages.slice(0, stage.index)
  const name = expandWord(stage.base, globals, file.escapeMark)
  if (name === '') throw dockerfileError(stage.position, 'FROM', `base name (${stage.base}) should not be blank`)
  const base = sourceOf(earlier, name, false)
  const uses = stage.instructions.flatMap(instruction => sourcesIn(instruction).map(text => ({ instruction, text })))
  const needs = uses.flatMap(({ instruction, text }) => {
    const source = sourceOf(earlier, text, true)
    const own = source.kind === 'name' ? findStage(file.stages, text) : undefined
    if (own !== undefined)
      throw dockerfileError(
        instruction.position,
        instruction.kind.toUpperCase(),
        `the stage ${text} is not built before this one`,
      )
    return source.kind === 'stage' ? [source.index] : []
  })
  return { stage, base, needs: [...new Set([...(base.kind === 'stage' ? [base.index] : []), ...needs])] }
}

/** `--from` of COPY and of mounts. */
function sourcesIn(instruction: Instruction): string[] {
  if (instruction.kind === 'copy') return instruction.from === undefined ? [] : [instruction.from]
  if (instruction.kind !== 'run') return []
  return instruction.mounts.flatMap(({ options }) => (options['from'] === undefined ? [] : [options['from']]))
}

/** Names of stages go before images; numbers mean stages only where something is copied from. */
export function sourceOf(earlier: readonly Stage[], name: string, takesNumbers: boolean): Source {
  const index = takesNumbers || !/^\d+$/.test(name) ? findStage(earlier, name) : undefined
  return index === undefined ? { kind: 'name', name } : { kind: 'stage', index }
}

function findStage(stages: readonly Stage[], name: string): number | undefined {
  const named = stages.findLast(stage => stage.name === name.toLowerCase())
  if (named !== undefined) return named.index
  return /^\d+$/.test(name) && Number(name) < stages.length ? Number(name) : undefined
}
