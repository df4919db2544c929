import { BerthError } from '../../schemas/errors.ts'
import { waves } from '../graph/dag.ts'
import type { Project, Service } from '../model/project.ts'
import { type Provided, withProvided } from '../plan/provided.ts'
import { selectServices } from '../plan/selection.ts'
import type { ProviderCommand } from '../provider/metadata.ts'
import type { ProgressText } from './progress.ts'
import type { ApplyReport, Failure } from './report.ts'
import type { ApplyContext } from './use-cases.ts'

export interface ProvidersUp {
  /** With what the providers have set. */
  readonly project: Project
  /** Why it does not go on; undefined when all providers are up. */
  readonly report: ApplyReport | undefined
}

type BringUp = (services: readonly string[]) => Promise<ApplyReport>

/**
 * Calls the providers among the services that are meant, those that depend on nothing first and each level at once, before anything is planned: what they
 * set decides what containers are made from. `bringUp` is for the services that a provider itself depends on.
 */
export async function providersUp(
  context: ApplyContext,
  project: Project,
  { services = [], noDeps = false }: { readonly services?: readonly string[]; readonly noDeps?: boolean },
  bringUp: BringUp,
): Promise<ProvidersUp> {
  if (!hasProviders(project)) return { project, report: undefined }
  const selection = selectServices(project, services, noDeps)
  const provided = new Map<string, Readonly<Record<string, string>>>()
  for (const wave of waves(selection.graph)) {
    const providers = wave.flatMap(name =>
      selection.has(name) && isProvider(project, name) ? (project.services[name] ?? []) : [],
    )
    if (providers.length === 0) continue
    const needed = providers
      .flatMap(({ dependsOn }) => dependsOn.map(({ service }) => service))
      .filter(name => !isProvider(project, name))
    const before = needed.length === 0 || noDeps ? undefined : await bringUp(needed)
    if (before !== undefined && (before.failures.length > 0 || before.isCancelled)) return { project, report: before }
    const failures = await callAll(context, project, providers, 'up', provided)
    if (failures.length > 0) return { project, report: reportOf(failures) }
  }
  return { project: withProvided(project, provided), report: undefined }
}

/** Tells the providers that their services go; those that depend on others first. */
export async function providersDown(
  context: ApplyContext,
  project: Project,
  services: readonly string[],
): Promise<readonly Failure[]> {
  if (!hasProviders(project)) return []
  const { graph } = selectServices(project, [], true)
  const failures: Failure[] = []
  for (const wave of [...waves(graph)].reverse()) {
    const chosen = wave.filter(name => isProvider(project, name) && (services.length === 0 || services.includes(name)))
    const providers = chosen.flatMap(name => project.services[name] ?? [])
    failures.push(...(await callAll(context, project, providers, 'down', new Map())))
  }
  return failures
}

/** Most stacks have none, and are not looked at further. */
const hasProviders = (project: Project): boolean =>
  Object.values(project.services).some(({ provider }) => provider !== undefined)

export const isProvider = (project: Project, name: string): boolean => project.services[name]?.provider !== undefined

const words: Readonly<Record<ProviderCommand, readonly [ProgressText, ProgressText]>> = {
  up: ['Creating', 'Created'],
  down: ['Removing', 'Removed'],
}

async function callAll(
  { onProgress, env = {}, signal }: ApplyContext,
  project: Project,
  services: readonly Service[],
  verb: ProviderCommand,
  provided: Map<string, Readonly<Record<string, string>>> & Provided,
): Promise<readonly Failure[]> {
  if (services.length === 0) return []
  const { callProvider } = await import('../provider/call-provider.ts')
  const calls = services.map(async ({ name, provider }): Promise<readonly Failure[]> => {
    if (provider === undefined) return []
    const resource = { kind: 'resource', resource: 'provider', name, service: name } as const
    const [begun, done] = words[verb]
    const tell = (detail?: string): void =>
      onProgress({ ...resource, text: begun, state: 'working', ...(detail !== undefined && { detail }) })
    tell()
    try {
      provided.set(
        name,
        await callProvider({ projectName: project.name, service: name, provider, verb, env, signal, onInfo: tell }),
      )
      onProgress({ ...resource, text: done, state: 'done' })
      return []
    } catch (cause) {
      const error =
        cause instanceof BerthError ? cause : new BerthError('CONFLICT', (cause as Error).message, { cause })
      onProgress({ ...resource, text: 'Error', state: 'failed', detail: error.message })
      return [{ subject: `provider ${name}`, service: name, error }]
    }
  })
  return (await Promise.all(calls)).flat()
}

const reportOf = (failures: readonly Failure[]): ApplyReport => ({ results: [], failures, isCancelled: false })
