import { nearest } from '../nearest.ts'
import { formatValue } from './format-value.ts'
import { functions, isTrue } from './functions.ts'
import type { Node, Operand, Pipe } from './node.ts'
import { templateError } from './template-error.ts'

/**
 * The text that a template makes of a value. Members that are functions are called with the operands that follow them (docker's `.Label "name"`).
 * A member that is not there is an error that names the nearest one, as Go's is for docker's rows.
 */
export function evaluate(nodes: readonly Node[], data: unknown): string {
  const scope: Scope = { root: data, dot: data, variables: [new Map([['$', data]])] }
  const output: string[] = []
  run(nodes, scope, output)
  return output.join('')
}

interface Scope {
  readonly root: unknown
  readonly dot: unknown
  /** Innermost last. */
  readonly variables: readonly Map<string, unknown>[]
}

type Flow = 'break' | 'continue' | undefined

function run(nodes: readonly Node[], scope: Scope, output: string[]): Flow {
  for (const node of nodes) {
    const flow = runOne(node, scope, output)
    if (flow !== undefined) return flow
  }
  return undefined
}

function runOne(node: Node, scope: Scope, output: string[]): Flow {
  switch (node.kind) {
    case 'text':
      output.push(node.text)
      return undefined
    case 'output': {
      const value = pipeValue(node.pipe, scope)
      if (node.pipe.variable === undefined) output.push(formatValue(value))
      return undefined
    }
    case 'if':
    case 'with': {
      const inner = { ...scope, variables: [...scope.variables, new Map<string, unknown>()] }
      const value = pipeValue(node.pipe, inner)
      if (!isTrue(value)) return run(node.otherwise, inner, output)
      return run(node.then, node.kind === 'with' ? { ...inner, dot: value } : inner, output)
    }
    case 'range':
      return runRange(node, scope, output)
    case 'break':
    case 'continue':
      return node.kind
    default:
      throw node satisfies never
  }
}

function runRange(node: Node & { kind: 'range' }, scope: Scope, output: string[]): Flow {
  const entries = rangeEntries(pipeValue(node.pipe, scope))
  if (entries.length === 0) return run(node.otherwise, scope, output)
  for (const [key, value] of entries) {
    const variables = new Map<string, unknown>()
    if (node.keyName !== undefined) variables.set(node.keyName, key)
    if (node.valueName !== undefined) variables.set(node.valueName, value)
    const inner = { ...scope, dot: value, variables: [...scope.variables, variables] }
    if (run(node.body, inner, output) === 'break') break
  }
  return undefined
}

/** Lists by index, maps by key in order, a number as that many turns. */
function rangeEntries(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map((each, at) => [at, each] as const)
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  if (typeof value === 'number') return Array.from({ length: value }, (_, at) => [at, at] as const)
  throw templateError(`range needs a list or a map, found ${formatValue(value)}`)
}

function pipeValue({ variable, commands }: Pipe, scope: Scope): unknown {
  let value: unknown
  for (const [at, command] of commands.entries()) value = commandValue(command, scope, at > 0 ? [value] : [])
  if (variable === undefined) return value
  const owner = variable.isDeclared
    ? scope.variables.at(-1)
    : scope.variables.findLast(variables => variables.has(variable.name))
  if (!owner) throw templateError(`undefined variable "${variable.name}"`)
  owner.set(variable.name, value)
  return value
}

function commandValue([head, ...rest]: readonly Operand[], scope: Scope, piped: readonly unknown[]): unknown {
  if (!head) throw templateError('missing value')
  if (head.kind === 'function') return callFunction(head.name, rest, scope, piped)
  const value = operandValue(head, scope)
  const given = [...rest.map(operand => called(operandValue(operand, scope))), ...piped]
  if (typeof value === 'function') return value(...given)
  if (given.length > 0) throw templateError(`${describe(head)} takes no arguments`)
  return value
}

function callFunction(name: string, rest: readonly Operand[], scope: Scope, piped: readonly unknown[]): unknown {
  if (name === 'and' || name === 'or') {
    let value: unknown
    for (const operand of rest) {
      value = called(operandValue(operand, scope))
      if (isTrue(value) !== (name === 'and')) return value
    }
    return piped.length > 0 ? piped[0] : value
  }
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined
  if (!found) {
    const close = nearest(name, Object.keys(functions))
    throw templateError(`function "${name}" not defined${close ? `, did you mean "${close}"?` : ''}`)
  }
  return found(...rest.map(operand => called(operandValue(operand, scope))), ...piped)
}

function operandValue(operand: Operand, scope: Scope): unknown {
  switch (operand.kind) {
    case 'dot':
      return scope.dot
    case 'nil':
      return undefined
    case 'literal':
      return operand.value
    case 'variable': {
      const owner = scope.variables.findLast(variables => variables.has(operand.name))
      if (!owner) throw templateError(`undefined variable "${operand.name}"`)
      return owner.get(operand.name)
    }
    case 'function':
      return callFunction(operand.name, [], scope, [])
    case 'pipe':
      return called(pipeValue(operand.pipe, scope))
    case 'fields':
      return operand.names.reduce(fieldOf, operandValue(operand.of, scope))
    default:
      throw operand satisfies never
  }
}

function fieldOf(value: unknown, name: string): unknown {
  const of = called(value)
  if (of === null || of === undefined) throw templateError(`nil has no field .${name}`)
  if (typeof of === 'object' && !Array.isArray(of)) {
    if (Object.hasOwn(of, name)) return (of as Record<string, unknown>)[name]
    const names = Object.keys(of)
    const close = nearest(name, names)
    throw templateError(
      `there is no field .${name}${close ? `, did you mean .${close}?` : names.length > 0 && names.length < 40 ? ` (there are: ${names.map(each => `.${each}`).join(' ')})` : ''}`,
    )
  }
  throw templateError(`${formatValue(of)} has no field .${name}`)
}

/** A member that is a function and is used as a value is called. */
function called(value: unknown): unknown {
  return typeof value === 'function' ? value() : value
}

function describe(operand: Operand): string {
  return operand.kind === 'fields' ? `.${operand.names.join('.')}` : `a ${operand.kind}`
}
