import type { Project, Service } from '../model/project.ts'
import { buildOps } from '../plan/build-ops.ts'
import { builtBefore, type SshSource } from '../plan/builds.ts'
import { inOrder } from '../plan/order.ts'
import type { Plan } from '../plan/plan.ts'
import { selectServices } from '../plan/selection.ts'
import { applyPlan } from './apply-plan.ts'
import { readStackFiles } from './files.ts'
import type { ApplyReport } from './report.ts'
import type { ApplyContext } from './use-cases.ts'

export interface BuildOptions {
  /** Empty: all. */
  readonly services: readonly string[]
  readonly includesDependencies: boolean
  /** `KEY=VALUE`, or `KEY` for that of the environment. */
  readonly args: readonly string[]
  readonly noCache: boolean
  readonly pulls: boolean
  readonly ssh: readonly SshSource[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The images that services are built from; pure. */
export function planBuild(project: Project, options: BuildOptions): Plan {
  const { services } = selectServices(project, options.services, !options.includesDependencies)
  const args = Object.fromEntries(
    options.args.flatMap((text): [string, string][] => {
      const at = text.indexOf('=')
      if (at !== -1) return [[text.slice(0, at), text.slice(at + 1)]]
      const value = options.env[text]
      return value === undefined ? [] : [[text, value]]
    }),
  )
  const ops = buildOps(
    project,
    withBases(
      project,
      services.filter(({ build }) => build !== undefined),
    ),
    'berth build',
  ).map(op => ({
    ...op,
    input: {
      ...op.input,
      args: { ...op.input.args, ...args },
      noCache: options.noCache || op.input.noCache,
      pulls: options.pulls || op.input.pulls,
      ssh: [...op.input.ssh, ...options.ssh],
    },
  }))
  return { project: project.name, ops: inOrder(ops), unchanged: [], warnings: [] }
}

/** Services whose images others start from are built too. */
function withBases(project: Project, services: readonly Service[]): readonly Service[] {
  const all = new Map(services.map(service => [service.name, service]))
  for (const service of all.values()) {
    for (const base of builtBefore(service).flatMap(name => project.services[name] ?? []))
      if (base.build !== undefined) all.set(base.name, base)
  }
  return [...all.values()]
}

export async function build(context: ApplyContext, project: Project, options: BuildOptions): Promise<ApplyReport> {
  const plan = planBuild(project, options)
  const built = plan.ops.flatMap(op => (op.kind === 'image.build' ? (project.services[op.service] ?? []) : []))
  const files = await readStackFiles(project, built)
  return applyPlan(context, plan, { files: files.contents })
}
