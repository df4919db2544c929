import type { Duplex } from 'node:stream'
import { BerthError } from '../../schemas/errors.ts'
import type { AttachStreams, Monitor } from '../runtime/monitor.ts'
import { publish } from './announce.ts'
import type { PendingAttach } from './container.ts'
import type { ContainerContext } from './context.ts'
import { joinStreams } from './streams.ts'

export interface AttachRequest {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly detachKeys: Buffer
  /** Both outputs as one stream of bytes (WebSocket). */
  readonly isPlain?: boolean
}

/**
 * Joins a client with the container's streams until either ends. Before the start the client is kept waiting and joined by the start itself, before
 * the process runs. `openClient` gives the client's bare connection; failures before it become an HTTP status.
 */
export async function attach(
  context: ContainerContext,
  reference: string,
  request: AttachRequest,
  openClient: () => Duplex | Promise<Duplex>,
): Promise<void> {
  const container = context.registry.get(reference)
  const { state, record, live } = container
  if (state.status === 'paused')
    throw new BerthError('CONFLICT', `container ${reference} is paused, unpause the container before attach`)
  if (state.status === 'restarting')
    throw new BerthError('CONFLICT', `container ${reference} is restarting, wait until the container is running`)
  const forwardsInput = request.stdin && record.config.OpenStdin === true
  const streams: AttachStreams = { stdin: forwardsInput, stdout: request.stdout, stderr: request.stderr }
  const join = (client: Duplex, monitor: Monitor): Promise<() => Promise<void>> =>
    monitor.attach(streams).then(
      attached => () =>
        joinStreams(client, attached, {
          forwardsInput,
          isPlain: request.isPlain === true && record.config.Tty !== true,
          ...(record.config.Tty === true ? { detachKeys: request.detachKeys } : {}),
          onDetach: () => publish(context, container, 'detach'),
        }),
    )
  if (state.status === 'running' && live.monitor !== undefined) {
    const { monitor } = live
    const client = await openClient()
    publish(context, container, 'attach')
    const run = await join(client, monitor)
    await run()
    return
  }
  const client = await openClient()
  publish(context, container, 'attach')
  await waitForStart(client, live.pendingAttaches, join)
}

function waitForStart(
  client: Duplex,
  pendingAttaches: Set<PendingAttach>,
  join: (client: Duplex, monitor: Monitor) => Promise<() => Promise<void>>,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const leave = (): void => {
      pendingAttaches.delete(pending)
      resolve()
    }
    const pending: PendingAttach = {
      connect: async monitor => {
        client.off('close', leave)
        try {
          const run = await join(client, monitor)
          run().then(resolve, reject)
        } catch (error) {
          reject(error)
          throw error
        }
      },
      abandon: () => {
        client.off('close', leave)
        client.end()
        resolve()
      },
    }
    pendingAttaches.add(pending)
    client.once('close', leave)
    client.on('error', () => undefined)
  })
}
