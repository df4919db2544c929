import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reduced } from '../../../../cli/graph/dag.ts'
import { serviceLabels } from '../../../../cli/graph/labels.ts'
import { renderDot } from '../../../../cli/graph/render-dot.ts'
import { renderMermaid } from '../../../../cli/graph/render-mermaid.ts'
import { renderSvg } from '../../../../cli/graph/render-svg.ts'
import { renderText } from '../../../../cli/graph/render-text.ts'
import { serviceDependencies, serviceGraph } from '../../../../cli/graph/service-graph.ts'
import { projectOf } from '../../../support/project.ts'

const project = projectOf(`
name: shop
services:
  db: {image: "postgres:16"}
  migrate: {image: "shop/api:1", depends_on: {db: {condition: service_healthy}}}
  api: {image: "shop/api:1", scale: 2, depends_on: {db: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}}
  metrics: {image: "metrics", network_mode: "service:api", depends_on: {api: {condition: service_started, required: false}}}
  web: {image: "nginx", ports: ["8080:80"], depends_on: [api]}
`)
const graph = serviceGraph(project)
const labels = serviceLabels(project.services)

test('text: waves, what each is, what it waits for', () => {
  assert.equal(
    renderText(graph, labels),
    `1  db       postgres:16
2  migrate  shop/api:1     after db (healthy)
3  api ×2   shop/api:1     after db (healthy), migrate (completed)
4  metrics  metrics        after api (shares network)
   web      nginx 8080→80  after api

5 services, nothing waits for: metrics, web
`,
  )
})

test('dot: one node and one arrow each, conditions as labels, quotes escaped', () => {
  const dot = renderDot(reduced(graph), labels)
  assert.match(dot, /^digraph stack \{\n/)
  assert.match(dot, / {2}"migrate" -> "db" \[label="healthy"\];/)
  assert.doesNotMatch(dot, /"api" -> "db"/)
  assert.match(dot, /"web" \[label="web\\nnginx\\n8080→80"\]/)
})

test('mermaid: names never become syntax', () => {
  const text = renderMermaid(
    serviceGraph(projectOf('name: x\nservices: {end: {image: "a|b\\"c"}, "x.y": {image: b, depends_on: [end]}}')),
    {
      ofNode: key => [key, 'a|b"c'],
      ofEdge: () => '',
    },
  )
  assert.equal(text, 'flowchart LR\n  n0["end<br/>a#124;b#34;c"]\n  n1["x.y<br/>a#124;b#34;c"]\n  n1 --> n0\n')
})

test('svg: a box for each service, none over another, every arrow to the right', () => {
  const svg = renderSvg(graph, labels)
  const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(match =>
    match.slice(1).map(Number),
  )
  assert.equal(boxes.length, 5)
  for (const [x = 0, y = 0, width = 0, height = 0] of boxes) {
    const over = boxes.filter(
      ([x2 = 0, y2 = 0, w2 = 0, h2 = 0]) => x < x2 + w2 && x2 < x + width && y < y2 + h2 && y2 < y + height,
    )
    assert.equal(over.length, 1, 'a box lies over itself only')
  }
  for (const [, from, to] of svg.matchAll(/d="M([\d.]+) [\d.]+C.*? ([\d.]+) [\d.]+"/g))
    assert.ok(Number(from) < Number(to))
  assert.match(svg, />completed<\/text>/)
})

test('a shared namespace is a dependency that restarts and recreates', () => {
  const metrics = project.services['metrics']
  assert.ok(metrics)
  assert.deepEqual(serviceDependencies(metrics), [
    { service: 'api', condition: 'service_started', restart: false, required: false, shares: 'network' },
  ])
})
