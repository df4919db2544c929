/** A parsed template: texts and actions in the order of the source. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with'
      readonly pipe: Pipe
      readonly then: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | {
      readonly kind: 'range'
      readonly pipe: Pipe
      /** `$key, $value :=`; with one name it is the value's. */
      readonly keyName: string | undefined
      readonly valueName: string | undefined
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | { readonly kind: 'break' | 'continue' }

/** `$name := a | b c`: each command gets the value of the one before as its last argument. */
export interface Pipe {
  readonly variable: { readonly name: string; readonly isDeclared: boolean } | undefined
  readonly commands: readonly (readonly Operand[])[]
}

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** `.A.B` of the dot, `$x.A.B`, `(pipe).A.B`. */
  | { readonly kind: 'fields'; readonly of: Operand; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
