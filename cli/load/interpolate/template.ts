/**
 * Substitution of `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:+alternate}`, `${X+alternate}`, `${X:?message}`, `${X?message}` and `$$`
 * as compose-go's template package does it: names are case sensitive and greedy, defaults nest and may hold balanced braces.
 */
export type Substitution =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'invalid'; readonly offset: number }
  | { readonly ok: false; readonly reason: 'required'; readonly variable: string; readonly message: string }

export interface TemplateScope {
  readonly lookup: (name: string) => string | undefined
  /** A plain `$X` or `${X}` that is not set and becomes ''. */
  readonly onUnset?: (name: string) => void
}

export function substitute(text: string, scope: TemplateScope): Substitution {
  let result = ''
  let at = 0
  for (;;) {
    const dollar = text.indexOf('$', at)
    if (dollar === -1) return { ok: true, text: result + text.slice(at) }
    result += text.slice(at, dollar)
    if (text[dollar + 1] === '$') {
      result += '$'
      at = dollar + 2
      continue
    }
    // A dollar that begins nothing is one: `$1`, `$(x)`, `a$` (compose-go does so too); only a broken `${` is a mistake.
    if (text[dollar + 1] !== '{' && nameAt(text, dollar + 1) === '') {
      result += '$'
      at = dollar + 1
      continue
    }
    const reference = readReference(text, dollar)
    if (reference === undefined) return { ok: false, reason: 'invalid', offset: dollar }
    const value = referenceValue(reference, scope)
    if (!value.ok) return value.reason === 'invalid' ? { ...value, offset: dollar } : value
    result += value.text
    at = reference.end
  }
}

export interface Reference {
  readonly name: string
  readonly operator: '' | ':-' | '-' | ':+' | '+' | ':?' | '?'
  /** Default, alternate or message; itself a template. */
  readonly argument: string
  /** Offset after the reference. */
  readonly end: number
}

/** The reference that starts at the `$`; undefined if there is none. */
export function readReference(text: string, dollar: number): Reference | undefined {
  if (text[dollar + 1] !== '{') {
    const name = nameAt(text, dollar + 1)
    return name === '' ? undefined : { name, operator: '', argument: '', end: dollar + 1 + name.length }
  }
  const close = closingBrace(text, dollar + 1)
  if (close === -1) return undefined
  const inner = text.slice(dollar + 2, close)
  const name = nameAt(inner, 0)
  if (name === '') return undefined
  const rest = inner.slice(name.length)
  const operator = operatorAt(rest)
  if (operator === undefined) return undefined
  return { name, operator, argument: rest.slice(operator.length), end: close + 1 }
}

function operatorAt(rest: string): Reference['operator'] | undefined {
  if (rest === '') return ''
  const two = rest.slice(0, 2)
  if (two === ':-' || two === ':+' || two === ':?') return two
  const one = rest.slice(0, 1)
  return one === '-' || one === '+' || one === '?' ? one : undefined
}

function referenceValue({ name, operator, argument }: Reference, scope: TemplateScope): Substitution {
  const value = scope.lookup(name)
  const isPresent = value !== undefined && (value !== '' || !operator.startsWith(':'))
  switch (operator) {
    case '':
      if (value === undefined) scope.onUnset?.(name)
      return { ok: true, text: value ?? '' }
    case ':-':
    case '-':
      return isPresent ? { ok: true, text: value } : substitute(argument, scope)
    case ':+':
    case '+':
      return isPresent ? substitute(argument, scope) : { ok: true, text: '' }
    case ':?':
    case '?': {
      if (isPresent) return { ok: true, text: value }
      const message = substitute(argument, scope)
      return { ok: false, reason: 'required', variable: name, message: message.ok ? message.text : argument }
    }
    default:
      return operator satisfies never
  }
}

function nameAt(text: string, start: number): string {
  let end = start
  while (isNameCharacter(text.charCodeAt(end), end > start)) end += 1
  return text.slice(start, end)
}

function isNameCharacter(code: number, isDigitAllowed: boolean): boolean {
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
  return isLetter || (isDigitAllowed && code >= 48 && code <= 57)
}

function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1
    else if (text[index] === '}') {
      depth -= 1
      if (depth === 0) return index
    }
  }
  return -1
}
