import { lex, type Piece, type Token } from './lex.ts'
import type { Node, Operand, Pipe } from './node.ts'
import { templateError } from './template-error.ts'

/** Reads a template; throws INVALID_ARGUMENT naming what is wrong. */
export function parseTemplate(source: string): readonly Node[] {
  const pieces = lex(source)
  const [nodes, end] = block(pieces, 0, [])
  const rest = pieces[end]
  if (rest && 'action' in rest) throw templateError(`unexpected {{${rest.action[0]?.text ?? ''}}}`)
  return nodes
}

/** Nodes up to an action that begins with one of `stops`; answers where that is. */
function block(pieces: readonly Piece[], start: number, stops: readonly string[]): readonly [Node[], number] {
  const nodes: Node[] = []
  let at = start
  while (at < pieces.length) {
    const piece = pieces[at]
    if (!piece) break
    if ('text' in piece) {
      nodes.push({ kind: 'text', text: piece.text })
      at += 1
      continue
    }
    const head = piece.action[0]
    if (head?.kind === 'word' && ['end', 'else'].includes(head.text)) {
      if (stops.includes(head.text)) return [nodes, at]
      throw templateError(`unexpected {{${head.text}}}`)
    }
    const [node, next] = action(pieces, at, piece.action)
    nodes.push(node)
    at = next
  }
  if (stops.length > 0) throw templateError('missing {{end}}')
  return [nodes, at]
}

function action(pieces: readonly Piece[], at: number, tokens: readonly Token[]): readonly [Node, number] {
  const [head, ...rest] = tokens
  if (!head) throw templateError('empty action {{}}')
  if (head.kind === 'word') {
    switch (head.text) {
      case 'if':
      case 'with':
        return branch(pieces, at, head.text, rest)
      case 'range':
        return range(pieces, at, rest)
      case 'break':
      case 'continue':
        return [{ kind: head.text }, at + 1]
      case 'define':
      case 'template':
      case 'block':
        throw templateError(`{{${head.text}}} is not supported`)
    }
  }
  return [{ kind: 'output', pipe: wholePipe(tokens) }, at + 1]
}

function branch(
  pieces: readonly Piece[],
  at: number,
  kind: 'if' | 'with',
  condition: readonly Token[],
): readonly [Node, number] {
  const pipe = wholePipe(condition)
  const [then, stop] = block(pieces, at + 1, ['else', 'end'])
  const [otherwise, next] = elseBlock(pieces, stop)
  return [{ kind, pipe, then, otherwise }, next]
}

/** What follows `{{else}}` (or `{{else if ...}}`, which shares its end with the outer one), and where the whole thing ends. */
function elseBlock(pieces: readonly Piece[], stop: number): readonly [readonly Node[], number] {
  const piece = pieces[stop]
  const tokens = piece && 'action' in piece ? piece.action : []
  if (tokens[0]?.text === 'end') return [[], stop + 1]
  const [, chained, ...condition] = tokens
  if (chained?.kind === 'word' && (chained.text === 'if' || chained.text === 'with')) {
    const [node, next] = branch(pieces, stop, chained.text, condition)
    return [[node], next]
  }
  const [nodes, end] = block(pieces, stop + 1, ['end'])
  return [nodes, end + 1]
}

function range(pieces: readonly Piece[], at: number, tokens: readonly Token[]): readonly [Node, number] {
  const declares = tokens.findIndex(token => token.text === ':=' && token.kind === 'symbol')
  const names = declares < 0 ? [] : tokens.slice(0, declares).filter(token => token.kind === 'variable')
  const pipe = wholePipe(tokens.slice(declares + 1))
  const [body, stop] = block(pieces, at + 1, ['else', 'end'])
  const [otherwise, next] = elseBlock(pieces, stop)
  const keyName = names.length > 1 ? names[0]?.text : undefined
  return [{ kind: 'range', pipe, keyName, valueName: names.at(-1)?.text, body, otherwise }, next]
}

function wholePipe(tokens: readonly Token[]): Pipe {
  const [pipe, end] = pipeAt(tokens, 0)
  if (end < tokens.length) throw templateError(`unexpected "${tokens[end]?.text}"`)
  return pipe
}

function pipeAt(tokens: readonly Token[], start: number): readonly [Pipe, number] {
  const [first, second] = tokens.slice(start)
  const assigns = first?.kind === 'variable' && second?.kind === 'symbol' && /^:?=$/.test(second.text)
  const variable = assigns ? { name: first.text, isDeclared: second.text === ':=' } : undefined
  let at = assigns ? start + 2 : start
  const commands: Operand[][] = []
  for (;;) {
    const operands: Operand[] = []
    while (at < tokens.length && !isSymbol(tokens[at], '|') && !isSymbol(tokens[at], ')')) {
      const [operand, next] = operandAt(tokens, at)
      operands.push(operand)
      at = next
    }
    if (operands.length === 0) throw templateError('missing value')
    commands.push(operands)
    if (!isSymbol(tokens[at], '|')) return [{ variable, commands }, at]
    at += 1
  }
}

function operandAt(tokens: readonly Token[], at: number): readonly [Operand, number] {
  const token = tokens[at]
  if (!token) throw templateError('missing value')
  if (token.kind === 'field') return withFields({ kind: 'dot' }, tokens, at)
  const [operand, next] = atom(token, tokens, at)
  const follows = tokens[next]
  return follows?.kind === 'field' && !follows.isApart ? withFields(operand, tokens, next) : [operand, next]
}

function atom(token: Token, tokens: readonly Token[], at: number): readonly [Operand, number] {
  switch (token.kind) {
    case 'dot':
      return [{ kind: 'dot' }, at + 1]
    case 'string':
      return [{ kind: 'literal', value: token.text }, at + 1]
    case 'number':
      return [{ kind: 'literal', value: Number(token.text) }, at + 1]
    case 'variable':
      return [{ kind: 'variable', name: token.text }, at + 1]
    case 'word':
      if (token.text === 'nil') return [{ kind: 'nil' }, at + 1]
      if (token.text === 'true' || token.text === 'false')
        return [{ kind: 'literal', value: token.text === 'true' }, at + 1]
      return [{ kind: 'function', name: token.text }, at + 1]
  }
  if (!isSymbol(token, '(')) throw templateError(`unexpected "${token.text}"`)
  const [pipe, end] = pipeAt(tokens, at + 1)
  if (!isSymbol(tokens[end], ')')) throw templateError('missing ")"')
  return [{ kind: 'pipe', pipe }, end + 1]
}

function withFields(of: Operand, tokens: readonly Token[], start: number): readonly [Operand, number] {
  const names: string[] = []
  let at = start
  for (let token = tokens[at]; token?.kind === 'field' && (at === start || !token.isApart); token = tokens[at]) {
    names.push(token.text)
    at += 1
  }
  return [{ kind: 'fields', of, names }, at]
}

function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text
}
