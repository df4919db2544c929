import type { ContainerCreateRequest } from '../../schemas/api/container-create.ts'
import { BerthError } from '../../schemas/errors.ts'
import { sendBuild } from '../build/send-build.ts'
import {
  createContainer,
  killContainer,
  pauseContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from '../client/containers.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { isNotFound } from '../client/engine-error.ts'
import { inspectImage, pullImage, removeImage } from '../client/images.ts'
import { connectNetwork, createNetwork, removeNetwork } from '../client/networks.ts'
import { isOlder } from '../client/version.ts'
import { createVolume, removeVolume } from '../client/volumes.ts'
import { label } from '../model/labels.ts'
import type { ContainerCreateOp, ImageBuildOp, ImagePullOp, Op, WaitOp } from '../plan/plan.ts'
import type { ContainerWatch } from './container-watch.ts'
import { runHooks } from './hooks.ts'
import { containerFiles, injectFiles } from './inject-files.ts'
import { waitForGoal } from './wait-for-goal.ts'

/** What ops of one run share. */
export interface OpSession {
  readonly client: EngineClient
  readonly files: ReadonlyMap<string, Buffer>
  /** The event stream; there whenever the plan starts or waits for something. */
  readonly watch: Promise<ContainerWatch> | undefined
  /** Ends waiting; calls that are on their way are finished. */
  readonly signal: AbortSignal | undefined
  /** Final container name -> id, of containers made in this run. */
  readonly ids: Map<string, string>
  /** Reference -> id, of images pulled in this run. */
  readonly imageIds: Map<string, string>
  readonly sshAgent: string | undefined
  /** Where builds keep digests of their contexts. */
  readonly digestsFolder: string | undefined
  readonly registryAuth: ((reference: string) => Promise<string | undefined>) | undefined
  readonly onDetail: (op: Op, detail: string) => void
}

/** Does one op: one API call, or two. What is already as the op wants it (gone, running) is done. */
export async function executeOp(op: Op, session: OpSession): Promise<void> {
  const { client } = session
  switch (op.kind) {
    case 'image.pull':
      return pull(op, session)
    case 'image.build':
      return buildOne(op, session)
    case 'image.remove':
      await gone(removeImage(client, op.reference, {}))
      return
    case 'network.create':
      await createNetwork(client, op.body)
      return
    case 'network.remove':
      return gone(removeNetwork(client, op.id))
    case 'volume.create':
      await createVolume(client, op.body)
      return
    case 'volume.remove':
      return gone(removeVolume(client, op.name))
    case 'container.create':
      return create(op, session)
    case 'container.start':
      // The stream must be open before anything starts, or an early death goes unseen.
      await session.watch
      await startContainer(client, idOf(op, session))
      return runHooks(client, idOf(op, session), op.service, 'post_start', op.postStart)
    case 'container.stop':
      await runHooks(client, idOf(op, session), op.service, 'pre_stop', op.preStop)
      return gone(stopContainer(client, idOf(op, session), op.timeoutSeconds))
    case 'container.remove':
      await runHooks(client, idOf(op, session), op.service, 'pre_stop', op.preStop)
      return gone(removeContainer(client, op.id ?? op.name, { force: op.force, volumes: op.removeVolumes }))
    case 'container.rename':
      return renameContainer(client, session.ids.get(op.name) ?? op.from, op.name)
    case 'container.restart':
      await session.watch
      await runHooks(client, idOf(op, session), op.service, 'pre_stop', op.preStop)
      await restartContainer(client, idOf(op, session), op.timeoutSeconds)
      return runHooks(client, idOf(op, session), op.service, 'post_start', op.postStart)
    case 'container.kill':
      return killContainer(client, idOf(op, session), op.signal)
    case 'container.pause':
      return pauseContainer(client, idOf(op, session))
    case 'container.unpause':
      return unpauseContainer(client, idOf(op, session))
    case 'wait':
      return waitForService(op, session)
    default:
      return op satisfies never
  }
}

const idOf = (op: { readonly name: string; readonly id?: string }, session: OpSession): string =>
  session.ids.get(op.name) ?? op.id ?? op.name

async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function pull({ reference, platform, ...op }: ImagePullOp, session: OpSession): Promise<void> {
  const { fromImage, tag } = splitReference(reference)
  const query = { fromImage, ...(tag !== undefined && { tag }), ...(platform !== undefined && { platform }) }
  const auth = await session.registryAuth?.(reference)
  for await (const { status, progress } of pullImage(session.client, query, auth === undefined ? {} : { auth })) {
    if (status !== undefined)
      session.onDetail({ reference, platform, ...op }, progress === undefined ? status : `${status} ${progress}`)
  }
  session.imageIds.set(reference, (await inspectImage(session.client, reference)).Id)
}

async function buildOne(op: ImageBuildOp, session: OpSession): Promise<void> {
  const { client, files, signal, onDetail } = session
  const secrets = new Map(
    op.input.secrets.flatMap(({ id, key }) => {
      const content = files.get(`secret:${key}`)
      return content === undefined ? [] : [[id, content] as const]
    }),
  )
  const onText = (text: string): void => {
    for (const line of text.split('\n')) if (line.trim() !== '') onDetail(op, line.trimEnd())
  }
  session.imageIds.set(
    op.reference,
    await sendBuild(client, op.input, {
      secrets,
      onText,
      signal,
      sshAgent: session.sshAgent,
      digestsFolder: session.digestsFolder,
      registryAuth: session.registryAuth,
    }),
  )
}

/** `localhost:5000/shop/web:2` -> the name and what stands behind its last colon; a digest stays with `tag` as the API wants it. */
export function splitReference(reference: string): { readonly fromImage: string; readonly tag: string | undefined } {
  const at = reference.indexOf('@')
  if (at !== -1) return { fromImage: reference.slice(0, at), tag: reference.slice(at + 1) }
  const colon = reference.lastIndexOf(':')
  if (colon > reference.lastIndexOf('/'))
    return { fromImage: reference.slice(0, colon), tag: reference.slice(colon + 1) }
  return { fromImage: reference, tag: 'latest' }
}

async function create(op: ContainerCreateOp, session: OpSession): Promise<void> {
  const { client, files } = session
  const { apiVersion, isBerth } = await client.facts()
  const hasAllNetworks = !isOlder(apiVersion, '1.44')
  const imageId = session.imageIds.get(op.body.Image ?? '')
  const body: ContainerCreateRequest = {
    ...(hasAllNetworks ? op.body : withFirstNetwork(op.body)),
    ...(imageId !== undefined && { Labels: { ...op.body.Labels, [label.image]: imageId } }),
    ...(isBerth && op.files.length > 0 && { Berth: { ...op.body.Berth, Files: containerFiles(op.files, files) } }),
  }
  const options = op.platform === undefined ? {} : { platform: op.platform }
  const { Id } = await createContainer(client, op.createName, body, options)
  session.ids.set(op.name, Id)
  if (!hasAllNetworks) await connectFurtherNetworks(op.body, Id, session)
  if (!isBerth && op.files.length > 0) await injectFiles(client, Id, op.files, files)
}

function withFirstNetwork(body: ContainerCreateRequest): ContainerCreateRequest {
  const [first] = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {})
  return first === undefined ? body : { ...body, NetworkingConfig: { EndpointsConfig: Object.fromEntries([first]) } }
}

async function connectFurtherNetworks(body: ContainerCreateRequest, id: string, { client }: OpSession): Promise<void> {
  const [, ...further] = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {})
  for (const [network, EndpointConfig] of further)
    await connectNetwork(client, network, { Container: id, EndpointConfig })
}

async function waitForService(op: WaitOp, session: OpSession): Promise<void> {
  const watch = await session.watch
  if (watch === undefined) throw new BerthError('INTERNAL', `no event stream to wait for ${op.service} with`)
  // All must be there; the first that cannot be decides, and ends the waiting for the others.
  const end = new AbortController()
  const signal = session.signal === undefined ? end.signal : AbortSignal.any([session.signal, end.signal])
  try {
    await Promise.all(op.containers.map(name => waitForGoal(session.client, watch, name, op.goal, signal)))
  } finally {
    end.abort(new BerthError('CANCELLED', 'cancelled'))
  }
}
