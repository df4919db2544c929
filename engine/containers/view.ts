import type { ContainerView } from '../../schemas/runtime/layer.ts'
import { NativeError } from '../runtime/connection.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { isUp } from './state.ts'
import { makeWritableLayer, rootfsOf } from './writable-layer.ts'

const noSuchProcess = 3

/**
 * Does something with a container's files, whether it runs or not. One that does not run is kept from starting meanwhile: its layers are mounted
 * for this, and overlayfs does not want them mounted twice. `hasMounts` false is the root file system alone.
 */
export async function withView<T>(
  context: ContainerContext,
  container: Container,
  hasMounts: boolean,
  work: (view: ContainerView) => Promise<T>,
): Promise<T> {
  for (;;) {
    const running = runningView(container, hasMounts)
    if (running !== undefined) {
      try {
        return await work(running)
      } catch (error) {
        // It ended before anything of it was touched.
        if (!(error instanceof NativeError && error.failure.errno === noSuchProcess)) throw error
      }
    }
    const done = await context.queue.run(container.record.id, async () => {
      if (runningView(container, hasMounts) !== undefined) return undefined
      return { value: await work(await stoppedView(context, container, hasMounts)) }
    })
    if (done !== undefined) return done.value
  }
}

function runningView({ record, state }: Container, hasMounts: boolean): ContainerView | undefined {
  if (!isUp(state) || state.pid === 0) return undefined
  return { hasMounts, running: { pid: state.pid, cgroup: record.id } }
}

async function stoppedView(
  context: ContainerContext,
  { record }: Container,
  hasMounts: boolean,
): Promise<ContainerView> {
  const paths = pathsOf(context, record.id)
  const image = await context.images.reopen(record.image)
  makeWritableLayer(context, image, paths)
  const { lower, upper, work } = rootfsOf(context, image, paths)
  const mounts = hasMounts
    ? await context.volumes.prepare(record.id, record.mounts, image.hostTree === undefined ? image.lower : [])
    : []
  return {
    hasMounts,
    layers: {
      lower,
      upper,
      work,
      isReadOnly: record.hostConfig.ReadonlyRootfs === true,
      mounts: mounts
        .map(({ source, target, isReadOnly }) => ({ source, target, isReadOnly }))
        .sort((a, b) => a.target.split('/').length - b.target.split('/').length),
    },
  }
}
