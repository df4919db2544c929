import type { Handler } from './handler.ts'
import { mapOf, object } from './handler.ts'
import { integer } from './scalars.ts'

const softAndHard = object({ soft: integer, hard: integer })

/** One number for both limits, or `{soft, hard}`. */
export const ulimits: Handler = mapOf((node, spot) =>
  node.kind === 'map' ? softAndHard(node, spot) : integer(node, spot),
)
