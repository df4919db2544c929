import picocolors from 'picocolors'

/** Functions that colour a string, or return it as it is where colours are off. */
export type Style = ReturnType<typeof picocolors.createColors>

export type AnsiMode = 'auto' | 'never' | 'always'

export interface StyleInput {
  readonly mode: AnsiMode
  readonly isTty: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

/** `--ansi` wins over NO_COLOR (no-color.org), which wins over FORCE_COLOR, which wins over what the stream is. */
export function createStyle(input: StyleInput): Style {
  return picocolors.createColors(hasColours(input))
}

export function hasColours({ mode, isTty, env }: StyleInput): boolean {
  if (mode !== 'auto') return mode === 'always'
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true
  return isTty && env.TERM !== 'dumb'
}
