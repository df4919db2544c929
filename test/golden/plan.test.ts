import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Project } from '../../cli/model/project.ts'
import type { Observed } from '../../cli/observe/observed.ts'
import type { UpOptions } from '../../cli/plan/options.ts'
import type { Plan } from '../../cli/plan/plan.ts'
import { planUp } from '../../cli/plan/plan-up.ts'
import { createStyle } from '../../cli/ui/style.ts'
import { planText } from '../../cli/ui/plan-text.ts'
import { berthVersion } from '../../schemas/version.ts'
import { assertGolden } from '../support/golden.ts'
import { projectOf } from '../support/project.ts'
import { nothing, simulate } from '../support/simulate.ts'

// Each folder of golden/plan is a change: before.yaml (what is up; nothing if it is missing), stack.yaml (what is wanted) and options.json,
// and what comes out: plan.txt (what `berth plan` prints), ops.txt (what is done, after what) and requests.json (bodies of the create calls).
const folder = join(import.meta.dirname, 'golden', 'plan')
/** Every image that the stacks name is in the engine. */
const imagesOf = (project: Project): Observed['images'] =>
  Object.fromEntries(
    Object.values(project.services).flatMap(({ image }) =>
      image?.kind === 'reference' ? [[image.text, { id: `sha256:${image.text}` }] as const] : [],
    ),
  )

for (const name of readdirSync(folder).sort()) {
  test(`golden plan ${name}`, () => {
    const read = (file: string): string => readFileSync(join(folder, name, file), 'utf8')
    const has = (file: string): boolean => existsSync(join(folder, name, file))
    const project = projectOf(read('stack.yaml'))
    const options = has('options.json') ? (JSON.parse(read('options.json')) as UpOptions) : {}
    const empty = nothing(project.name, imagesOf(project))
    const observed = has('before.yaml') ? upOf(projectOf(read('before.yaml')), empty) : empty
    const plan = planUp(project, observed, digests(project, 'bb'), options)
    assertGolden(`plan/${name}/plan.txt`, planText(plan, { style: createStyle({ mode: 'never', isTty: false, env: {} }), cwd: '/stack' }))
    assertGolden(`plan/${name}/ops.txt`, opsText(plan))
    assertGolden(`plan/${name}/requests.json`, `${JSON.stringify(bodies(plan), undefined, 2).replaceAll(`"${berthVersion}"`, '"$VERSION"')}\n`)
  })
}

function upOf(project: Project, empty: Observed): Observed {
  const observed = { ...empty, images: { ...empty.images, ...imagesOf(project) } }
  return simulate(planUp(project, observed, digests(project, 'aa'), {}), observed)
}

/** Content of files is `aa...` in what is up and `bb...` in what is wanted, except where the stack file carries it. */
function digests(project: Project, file: string): Readonly<Record<string, string>> {
  const of = (kind: string, sources: Project['secrets']) =>
    Object.values(sources).map(source => [`${kind}:${source.key}`, source.kind === 'file' ? file.repeat(32) : 'cc'.repeat(32)])
  return Object.fromEntries([...of('secret', project.secrets), ...of('config', project.configs)])
}

const opsText = (plan: Plan): string =>
  plan.ops
    .map(op => {
      const needs = op.needs.length === 0 ? '' : `  needs ${[...op.needs].sort().join(', ')}`
      const after = op.after.length === 0 ? '' : `  after ${[...op.after].sort().join(', ')}`
      return `${op.key}${needs}${after}\n`
    })
    .join('')

const bodies = (plan: Plan) =>
  Object.fromEntries(plan.ops.flatMap(op => ('body' in op ? [[op.key, { ...op.body, ...('files' in op && op.files.length > 0 && { files: op.files }) }]] : [])))
