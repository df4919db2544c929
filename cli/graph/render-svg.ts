import type { Dag } from './dag.ts'
import type { GraphLabels } from './labels.ts'
import { type Box, layoutDag } from './layout.ts'

const lineHeight = 16
const characterWidth = 7.2
const padding = 10

/** A picture that stands alone: no script, no font file, light and dark by the reader's own setting. */
export function renderSvg<Node>(dag: Dag<Node>, labels: GraphLabels<Node>): string {
  const lines = new Map([...dag.nodes].map(([key, node]) => [key, labels.ofNode(key, node)]))
  const layout = layoutDag(dag, key => {
    const texts = lines.get(key) ?? []
    const longest = Math.max(4, ...texts.map(text => text.length))
    return { width: longest * characterWidth + 2 * padding, height: texts.length * lineHeight + 2 * padding }
  })
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(layout.width)}" height="${round(layout.height)}" viewBox="0 0 ${round(layout.width)} ${round(layout.height)}" font-family="ui-monospace, monospace" font-size="12">`,
    style,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" class="head"/></marker></defs>',
  ]
  for (const [key, needs] of dag.needs) {
    for (const need of needs) {
      const from = layout.boxes.get(need)
      const to = layout.boxes.get(key)
      if (from !== undefined && to !== undefined) parts.push(renderEdge(from, to, labels.ofEdge(key, need)))
    }
  }
  for (const box of layout.boxes.values()) parts.push(renderBox(box, lines.get(box.key) ?? []))
  return `${[...parts, '</svg>'].join('\n')}\n`
}

const style = `<style>
rect{fill:#eef4ff;stroke:#4472c4}text{fill:#1b2a41}.detail{fill:#5b6b82}.edge{fill:none;stroke:#7d8ca3}.head{fill:#7d8ca3}.label{font-size:10px;fill:#5b6b82}
@media (prefers-color-scheme:dark){rect{fill:#1b2a41;stroke:#7aa2f7}text{fill:#e6edf7}.detail,.label{fill:#9fb0c8}}
</style>`

/** The arrow points the way things start: from what is needed to what waits for it. */
function renderEdge(from: Box, to: Box, label: string): string {
  const x1 = from.x + from.width
  const y1 = from.y + from.height / 2
  const x2 = to.x
  const y2 = to.y + to.height / 2
  const bend = (x2 - x1) / 2
  const path = `<path class="edge" marker-end="url(#arrow)" d="M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}"/>`
  if (label === '') return path
  return `${path}<text class="label" text-anchor="middle" x="${round((x1 + x2) / 2)}" y="${round((y1 + y2) / 2 - 4)}">${escapeText(label)}</text>`
}

function renderBox(box: Box, lines: readonly string[]): string {
  const texts = lines.map((line, index) => {
    const y = round(box.y + padding + lineHeight * (index + 0.75))
    const attributes = index === 0 ? ' font-weight="bold"' : ' class="detail"'
    return `<text x="${round(box.x + padding)}" y="${y}"${attributes}>${escapeText(line)}</text>`
  })
  const { x, y, width, height } = box
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"/>${texts.join('')}`
}

const round = (value: number): number => Math.round(value * 10) / 10
const escapeText = (text: string): string => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
