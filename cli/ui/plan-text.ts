import { isAbsolute, relative } from 'node:path'
import { hasChanges, type Op, type Plan, type Reason, type Sign } from '../plan/plan.ts'
import { sanitizeLine } from './sanitize.ts'
import type { Style } from './style.ts'
import { padEnd, truncate } from './width.ts'

export interface PlanTextOptions {
  readonly style: Style
  /** Files of the stack are named relative to this folder. */
  readonly cwd: string
}

const signWords: readonly (readonly [Sign, string])[] = [
  ['+', 'to create'],
  ['±', 'to replace'],
  ['~', 'to change'],
  ['-', 'to remove'],
]
const longestValue = 60

/**
 * A plan for people: one line per thing that is made, replaced, changed or removed, with the reason, and the fields that differ below it.
 *
 *     ± container shop-api-1
 *         services.api.environment.LEVEL: "info" -> "debug"  (stack.yaml:12:14)
 *
 *     shop: 1 to replace, 5 unchanged
 */
export function planText(plan: Plan, options: PlanTextOptions): string {
  const { style } = options
  const shown = plan.ops.filter(op => op.partOf === undefined && op.sign !== ' ')
  const width = Math.max(0, ...shown.map(op => opTitle(op).length))
  const lines = shown.flatMap(op => opLines(op, width, options))
  const warnings = plan.warnings.map(warning => `${style.yellow('warning:')} ${sanitizeLine(warning)}`)
  return `${[...warnings, ...lines, ...(lines.length > 0 ? [''] : []), summary(plan, shown)].join('\n')}\n`
}

function opLines(op: Op, width: number, options: PlanTextOptions): readonly string[] {
  const { style } = options
  const texts = op.why.filter(reason => reason.field === undefined).map(reason => sanitizeLine(reason.text))
  const title = texts.length > 0 ? padEnd(opTitle(op), width) : opTitle(op)
  const head = ` ${paint(op.sign, style)(op.sign)} ${title}${texts.length > 0 ? `  ${style.dim(texts.join('; '))}` : ''}`
  return [head, ...op.why.flatMap(reason => fieldLine(reason, options))]
}

function fieldLine({ field }: Reason, { style, cwd }: PlanTextOptions): readonly string[] {
  if (field === undefined) return []
  const { path, before, after, position } = field
  const place = position ? style.dim(`  (${fileName(position.file, cwd)}:${position.line}:${position.column})`) : ''
  return [`     ${sanitizeLine(path)}: ${style.red(valueText(before))} -> ${style.green(valueText(after))}${place}`]
}

function valueText(value: unknown): string {
  return value === undefined ? '(not set)' : truncate(sanitizeLine(JSON.stringify(value)), longestValue)
}

function fileName(file: string, cwd: string): string {
  const near = isAbsolute(file) ? relative(cwd, file) : file
  return sanitizeLine(near.startsWith('../../') ? file : near)
}

/** `container shop-web-1`; where the sign does not say it, with the verb: `stop container shop-web-1`. */
function opTitle(op: Op): string {
  const [resource = '', verb = ''] = op.kind.split('.')
  const subject =
    op.kind === 'image.pull' || op.kind === 'image.build' || op.kind === 'image.remove'
      ? op.reference
      : 'name' in op
        ? op.name
        : op.key
  const isPlain = verb === 'create' || verb === 'remove'
  return `${isPlain ? '' : `${verb} `}${resource} ${sanitizeLine(subject)}`
}

function paint(sign: Sign, style: Style): (text: string) => string {
  switch (sign) {
    case '+':
      return style.green
    case '-':
      return style.red
    case '~':
    case '±':
      return style.yellow
    case ' ':
      return String
    default:
      throw sign satisfies never
  }
}

function summary(plan: Plan, shown: readonly Op[]): string {
  const name = sanitizeLine(plan.project)
  const stays = plan.unchanged.length
  if (!hasChanges(plan)) {
    return `${name}: nothing to do, ${stays === 1 ? '1 container is' : `${stays} containers are`} as the file says`
  }
  const counts = signWords.flatMap(([sign, word]) => {
    const number = shown.filter(op => op.sign === sign).length
    return number > 0 ? [`${number} ${word}`] : []
  })
  return `${name}: ${[...counts, ...(stays > 0 ? [`${stays} unchanged`] : [])].join(', ')}`
}
