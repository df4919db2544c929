import type { ProgressMessage } from '../../schemas/api/images.ts'
import type { ProgressText, ResourceProgress } from '../apply/progress.ts'
import type { CallOptions, EngineClient } from '../client/engine-client.ts'
import type { Project, Service } from '../model/project.ts'
import { registryAuth } from '../registry/registry-auth.ts'
import { connect } from './connect.ts'
import type { Context } from './context.ts'
import { loadStack, requireServices } from './load-stack.ts'
import { createProgress } from './progress.ts'
import { reportError } from './report-error.ts'

export interface TransferPlan {
  readonly title: string
  /** While it goes on, and when it is done. */
  readonly words: readonly [ProgressText, ProgressText]
  readonly includesDependencies: boolean
  readonly ignoresFailures: boolean
  readonly isQuiet: boolean
  /** Why a service's image is left out, or undefined. */
  readonly skip: (client: EngineClient, service: Service, reference: string) => Promise<string | undefined>
  readonly transfer: (
    client: EngineClient,
    service: Service,
    reference: string,
    options: CallOptions & { readonly auth?: string },
  ) => AsyncIterable<ProgressMessage>
}

/** Pulls or pushes the images of services side by side, each image once; returns the exit code. */
export async function transferServices(
  context: Context,
  names: readonly string[],
  plan: TransferPlan,
): Promise<number> {
  const { project } = await loadStack(context, { services: names })
  requireServices(project, names)
  const client = await connect(context)
  const view = createProgress(context, plan.title)
  const show = (event: Omit<ResourceProgress, 'kind' | 'resource'>): void => {
    if (!plan.isQuiet || event.state === 'failed') view.show({ kind: 'resource', resource: 'image', ...event })
  }
  const outcomes = await Promise.allSettled(
    [...imagesOf(project, names, plan.includesDependencies)].map(async ([reference, service]) => {
      const why = await plan.skip(client, service, reference)
      if (why !== undefined) {
        show({ name: reference, text: 'Skipped', state: 'skipped', detail: why })
        return
      }
      await transferOne(context, client, plan, service, reference, show)
    }),
  )
  view.stop()
  const failures = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  let code = 0
  for (const failure of failures) code = await reportError(context, failure, {})
  return plan.ignoresFailures && !context.signal.aborted ? 0 : code
}

async function transferOne(
  context: Context,
  client: EngineClient,
  { words: [working, done], transfer }: TransferPlan,
  service: Service,
  reference: string,
  show: (event: Omit<ResourceProgress, 'kind' | 'resource'>) => void,
): Promise<void> {
  const event = { name: reference, service: service.name }
  show({ ...event, text: working, state: 'working' })
  try {
    const auth = await registryAuth(context.env, reference)
    const options = { ...(auth === undefined ? {} : { auth }), signal: context.signal }
    for await (const { id, status, progress } of transfer(client, service, reference, options)) {
      if (status === undefined) continue
      const detail = [id, status, progress].filter(part => part !== undefined).join(' ')
      show({ ...event, text: working, state: 'working', detail })
    }
    show({ ...event, text: done, state: 'done' })
  } catch (error) {
    show({ ...event, text: 'Error', state: 'failed', detail: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

/** Registry references of the services, each with the first service that has it. */
function imagesOf(
  project: Project,
  names: readonly string[],
  includesDependencies: boolean,
): ReadonlyMap<string, Service> {
  const wanted = new Set(names.length > 0 ? names : Object.keys(project.services))
  if (includesDependencies) {
    for (const name of wanted) for (const { service } of project.services[name]?.dependsOn ?? []) wanted.add(service)
  }
  const images = new Map<string, Service>()
  for (const name of wanted) {
    const service = project.services[name]
    if (service?.image?.kind === 'reference' && !images.has(service.image.text)) images.set(service.image.text, service)
  }
  return images
}
