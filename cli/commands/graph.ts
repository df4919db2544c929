import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { GraphOutput } from '../../schemas/output/graph.ts'
import { type Dag, reduced, waves } from '../graph/dag.ts'
import { serviceLabels } from '../graph/labels.ts'
import { renderDot } from '../graph/render-dot.ts'
import { renderMermaid } from '../graph/render-mermaid.ts'
import { renderSvg } from '../graph/render-svg.ts'
import { renderText } from '../graph/render-text.ts'
import { serviceDependencies, serviceGraph } from '../graph/service-graph.ts'
import type { Project, Service } from '../model/project.ts'
import { print } from '../session/context.ts'
import { choice } from '../session/globals.ts'
import { loadStack } from '../session/load-stack.ts'
import { sanitize } from '../ui/sanitize.ts'
import { defineCommand } from './definition.ts'

interface GraphFlags {
  readonly format: 'text' | 'dot' | 'mermaid' | 'svg' | 'json'
  readonly output?: string
  readonly full?: true
}

export const graph = defineCommand<GraphFlags>({
  configure: command =>
    command
      .addOption(choice('--format <how>', 'how to draw', ['text', 'dot', 'mermaid', 'svg', 'json'], 'text'))
      .option('--full', 'arrows too that follow from others')
      .option('-o, --output <file>', 'write to a file'),
  details:
    'Services in one wave start at the same time; an arrow goes from what is needed to what waits for it. No engine is needed.',
  examples: [
    { line: 'berth graph', means: 'the waves in which the stack starts' },
    { line: 'berth graph --format svg -o stack.svg', means: 'a picture' },
    { line: 'berth graph --format dot | dot -Tpng', means: 'by Graphviz' },
  ],
  async run(context, _args, flags) {
    const { project } = await loadStack(context)
    const whole = serviceGraph(project)
    const picture = draw(project, flags.full ? whole : reduced(whole), flags.format)
    if (flags.output === undefined) print(context, picture)
    else await writeFile(resolve(context.cwd, flags.output), picture)
    return 0
  },
})

function draw(project: Project, dag: Dag<Service>, format: GraphFlags['format']): string {
  const labels = serviceLabels(project.services)
  switch (format) {
    case 'text':
      return sanitize(renderText(dag, labels))
    case 'dot':
      return renderDot(dag, labels)
    case 'mermaid':
      return renderMermaid(dag, labels)
    case 'svg':
      return renderSvg(dag, labels)
    case 'json':
      return `${JSON.stringify(graphOutput(project, dag))}\n`
    default:
      throw format satisfies never
  }
}

function graphOutput(project: Project, dag: Dag<Service>): GraphOutput {
  return {
    project: project.name,
    waves: waves(dag).map(wave => [...wave]),
    services: Object.fromEntries(
      [...dag.nodes].map(([name, service]) => {
        const shown = serviceDependencies(service).filter(({ service: need }) => dag.needs.get(name)?.includes(need))
        const needs = shown.map(({ service: need, condition, required }) => ({ service: need, condition, required }))
        return [name, { image: service.image?.text ?? null, scale: service.scale, needs }]
      }),
    ),
  }
}
