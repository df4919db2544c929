import { type Dag, waves } from './dag.ts'

export interface Box {
  readonly key: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>
  readonly width: number
  readonly height: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const columnGap = 90
const rowGap = 24
const margin = 20

/**
 * Layered layout, left to right: a column for each wave, in each column the order that keeps arrows short (mean place of the neighbours, a
 * few sweeps to and fro). Enough for stacks; no crossing is proven minimal.
 */
export function layoutDag<Node>(dag: Dag<Node>, sizeOf: (key: string) => Size): Layout {
  const columns = orderedColumns(dag)
  const heights = columns.map(column => column.reduce((sum, key) => sum + sizeOf(key).height + rowGap, -rowGap))
  const height = Math.max(0, ...heights)
  const boxes = new Map<string, Box>()
  let x = margin
  for (const [index, column] of columns.entries()) {
    const width = Math.max(...column.map(key => sizeOf(key).width))
    let y = margin + (height - (heights[index] ?? 0)) / 2
    for (const key of column) {
      const size = sizeOf(key)
      boxes.set(key, { key, x, y, width, height: size.height })
      y += size.height + rowGap
    }
    x += width + columnGap
  }
  return { boxes, width: Math.max(x - columnGap, margin) + margin, height: height + 2 * margin }
}

function orderedColumns<Node>(dag: Dag<Node>): readonly (readonly string[])[] {
  const columns = waves(dag).map(wave => [...wave])
  const neighbours = new Map<string, string[]>([...dag.nodes.keys()].map(key => [key, []]))
  for (const [key, needs] of dag.needs) {
    for (const need of needs) {
      neighbours.get(key)?.push(need)
      neighbours.get(need)?.push(key)
    }
  }
  for (let sweep = 0; sweep < 4; sweep++) {
    const place = placesOf(columns)
    for (const column of columns) {
      const weight = new Map(
        column.map(key => [
          key,
          mean(
            (neighbours.get(key) ?? []).map(other => place.get(other) ?? 0),
            place.get(key) ?? 0,
          ),
        ]),
      )
      column.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0))
    }
  }
  return columns
}

/** Places from 0 to 1, so that columns of different lengths can be compared. */
function placesOf(columns: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  return new Map(columns.flatMap(column => column.map((key, row) => [key, (row + 0.5) / column.length] as const)))
}

const mean = (values: readonly number[], fallback: number): number =>
  values.length === 0 ? fallback : values.reduce((sum, value) => sum + value, 0) / values.length
