import { BerthError } from '../../../schemas/errors.ts'

/** Where an instruction stands. Lines count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly endLine: number
}

/** A mistake in a Dockerfile: `Dockerfile:3: RUN: …`. */
export function dockerfileError(position: Position, instruction: string, message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', `${position.file}:${position.line}: ${instruction}: ${message}`)
}
