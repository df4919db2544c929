import { Duplex } from 'node:stream'
import type { ContainerFile } from '../../../schemas/api/berth.ts'
import type { HostConfig } from '../../../schemas/api/host-config.ts'
import { BerthError } from '../../../schemas/errors.ts'
import { attach } from '../../containers/attach.ts'
import { type ContainerContext, pathsOf } from '../../containers/context.ts'
import { createContainer } from '../../containers/create.ts'
import { remove, start } from '../../containers/lifecycle.ts'
import { waitFor } from '../../containers/wait.ts'
import { rootfsOf } from '../../containers/writable-layer.ts'
import type { ResolvedImage } from '../../images/service.ts'

/** Marks containers of steps: one that a killed daemon left is removed at the next start. */
export const buildLabel = 'dev.berth.build'

export interface RunRequest {
  readonly image: ResolvedImage
  readonly args: readonly string[]
  readonly environment: readonly string[]
  /** Variables that no record may have. */
  readonly secretEnvironment: readonly string[]
  readonly user: string
  readonly workingDirectory: string
  readonly hostConfig: HostConfig
  readonly files: readonly ContainerFile[]
  readonly onStart: (id: string) => void
  readonly onOutput: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Runs a program in a container of the engine, over the stage's layers. `use` gets its exit code and its writable layer, which is gone afterwards.
 * Aborting kills it.
 */
export async function runContainer<T>(
  engine: ContainerContext,
  request: RunRequest,
  use: (code: number, upper: string) => Promise<T>,
): Promise<T> {
  const context = withImage(engine, request.image)
  const { Id: id } = await createContainer(
    context,
    {
      Image: request.image.reference,
      Entrypoint: [],
      Cmd: [...request.args],
      // Without a value: a step has no HOSTNAME, as with BuildKit.
      Env: ['HOSTNAME', ...request.environment],
      User: request.user,
      WorkingDir: request.workingDirectory,
      Labels: { [buildLabel]: 'step' },
      HostConfig: { ...request.hostConfig, LogConfig: { Type: 'none', Config: {} } },
      Berth: { Files: [...request.files] },
    },
    { name: undefined, signal: request.signal },
  )
  const stop = (): void => void remove(context, id, { force: true, removeVolumes: true }).catch(() => undefined)
  try {
    request.onStart(id)
    const container = context.registry.get(id)
    container.live.secretVariables = request.secretEnvironment
    const exited = waitFor(container, 'exit')
    request.signal.addEventListener('abort', stop, { once: true })
    if (request.signal.aborted) throw new BerthError('CANCELLED', 'the build was cancelled')
    const streams = { stdin: false, stdout: true, stderr: true, detachKeys: Buffer.alloc(0) }
    const output = attach(context, id, streams, () => outputOf(request.onOutput))
    await start(context, id)
    const { code } = await exited.result
    await output.catch(() => undefined)
    if (request.signal.aborted) throw new BerthError('CANCELLED', 'the build was cancelled')
    return await use(code, rootfsOf(context, request.image, pathsOf(context, id)).upper)
  } finally {
    request.signal.removeEventListener('abort', stop)
    if (context.registry.find(id) !== undefined) await remove(context, id, { force: true, removeVolumes: true })
  }
}

/** The stage under way is no image that anybody could name: only this container knows it. */
const withImage = (engine: ContainerContext, image: ResolvedImage): ContainerContext => ({
  ...engine,
  images: {
    resolve: () => Promise.resolve(image),
    reopen: () => Promise.resolve(image),
    use: () => undefined,
    release: () => undefined,
    sizeOf: () => 0,
    isNameOf: () => true,
  },
})

/** Takes the multiplexed stream apart: eight bytes, of which the last four are the length, then that many of output. */
function outputOf(onOutput: (text: string) => void): Duplex {
  const decoder = new TextDecoder()
  let rest = Buffer.alloc(0)
  return new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
        const length = rest.readUInt32BE(4)
        const text = decoder.decode(rest.subarray(8, 8 + length), { stream: true })
        if (text !== '') onOutput(text)
        rest = rest.subarray(8 + length)
      }
      done()
    },
    final: done => {
      done()
      queueMicrotask(() => undefined)
    },
  })
}
