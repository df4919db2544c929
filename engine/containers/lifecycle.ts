import { constants } from 'node:os'
import { BerthError } from '../../schemas/errors.ts'
import { NativeError } from '../runtime/connection.ts'
import { markStage } from '../runtime/trace.ts'
import { publish } from './announce.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { checkRemovable, removeContainer } from './remove.ts'
import { parseSignal, requestedSignal } from './signals.ts'
import { startContainer } from './start.ts'
import { isUp } from './state.ts'
import { transition } from './transition.ts'
import { waitFor } from './wait.ts'

const defaultStopSeconds = 10
const killWaitMs = 10_000
const sigkill = 9

/** True when it was down and is up now; false when it was up already. */
export async function start(context: ContainerContext, reference: string): Promise<boolean> {
  const container = context.registry.get(reference)
  return context.queue.run(container.record.id, async () => {
    const { status } = container.state
    if (status === 'paused') throw new BerthError('CONFLICT', 'cannot start a paused container, try unpause instead')
    if (status === 'running') return false
    if (status === 'removing' || status === 'dead') {
      throw new BerthError('CONFLICT', 'container is marked for removal and cannot be started')
    }
    container.live.cancelRestart?.()
    container.live.cancelRestart = undefined
    await startContainer(context, container, { byPolicy: false })
    return true
  })
}

export interface StopOptions {
  readonly signal?: string
  /** Seconds until it is killed; -1 waits for ever. */
  readonly timeoutSeconds?: number
}

/** True when it was up; false when there was nothing to stop. Resolves when it is down and has given everything back. */
export async function stop(context: ContainerContext, reference: string, options: StopOptions): Promise<boolean> {
  const container = context.registry.get(reference)
  if (!isUp(container.state) && container.state.status !== 'restarting') return false
  if (options.signal !== undefined) requestedSignal(options.signal, `cannot stop container: ${reference}`)
  await context.tracer.stop('stop', container, () => bringDown(context, container, options))
  publish(context, container, 'stop')
  return true
}

async function bringDown(context: ContainerContext, container: Container, options: StopOptions): Promise<void> {
  const { id, config } = container.record
  const signal = parseSignal(options.signal ?? config.StopSignal ?? 'SIGTERM')
  const timeoutSeconds = options.timeoutSeconds ?? config.StopTimeout ?? defaultStopSeconds
  const exited = waitFor(container, 'exit')
  try {
    const isDown = await context.queue.run(id, async () => {
      await transition(context, container, { kind: 'stopRequested' })
      if (!isUp(container.state)) return true
      await signalProcess(context, container, signal)
      return false
    })
    if (isDown) return
    const timeoutMs = timeoutSeconds < 0 ? undefined : timeoutSeconds * 1000
    if (await endsWithin(context, exited.result, timeoutMs)) return
    await killAndWait(context, container, exited.result)
  } finally {
    exited.cancel()
  }
}

async function killAndWait(context: ContainerContext, container: Container, exited: Promise<unknown>): Promise<void> {
  await context.queue.run(container.record.id, async () => {
    if (isUp(container.state)) await signalProcess(context, container, sigkill)
  })
  if (!(await endsWithin(context, exited, killWaitMs))) {
    throw new BerthError(
      'TIMEOUT',
      `container ${container.record.name} did not end within ${killWaitMs / 1000} s after SIGKILL`,
    )
  }
}

/** Signals the main process, and lets a paused container go on so that it can take notice. ESRCH means that its exit is on the way. */
async function signalProcess(context: ContainerContext, container: Container, signal: number): Promise<void> {
  const { monitor } = container.live
  if (monitor === undefined) return
  try {
    markStage('before the signal')
    await monitor.signal(signal)
    markStage('signal')
  } catch (error) {
    if (!isGone(error)) throw error
    return
  }
  publish(context, container, 'kill', { signal: String(signal) })
  if (container.state.status === 'paused') {
    // SIGKILL wakes it by itself.
    await monitor.resume().catch((error: unknown) => {
      if (!isGone(error) && !isAwake(error)) throw error
    })
    await transition(context, container, { kind: 'resumed', isKilled: signal === sigkill })
  }
}

const isAwake = (error: unknown): boolean =>
  error instanceof NativeError && error.failure.errno === constants.errno.EBUSY
const isGone = (error: unknown): boolean => error instanceof NativeError && error.failure.errno === 3

function endsWithin(
  context: ContainerContext,
  ended: Promise<unknown>,
  timeoutMs: number | undefined,
): Promise<boolean> {
  if (timeoutMs === undefined) return ended.then(() => true)
  return new Promise(resolve => {
    const cancel = context.clock.after(timeoutMs, () => resolve(false))
    void ended.then(() => {
      cancel()
      resolve(true)
    })
  })
}

export async function restart(context: ContainerContext, reference: string, options: StopOptions): Promise<void> {
  const container = context.registry.get(reference)
  if (container.record.hostConfig.AutoRemove === true && isUp(container.state)) {
    // It would be gone between the two.
    throw new BerthError('CONFLICT', `container ${container.record.name} has AutoRemove: stop it and run it again`)
  }
  if (options.signal !== undefined && isUp(container.state))
    requestedSignal(options.signal, `Cannot restart container ${reference}`)
  await stop(context, container.record.id, options)
  await start(context, container.record.id)
  publish(context, container, 'restart')
}

/** Sends a signal. SIGKILL and the stop signal mean "stay down": no policy restarts the container after them. */
export async function kill(context: ContainerContext, reference: string, signalText: string): Promise<void> {
  const signal = requestedSignal(signalText === '' ? 'SIGKILL' : signalText, `cannot kill container: ${reference}`)
  const container = context.registry.get(reference)
  const work = () => sendSignal(context, container, reference, signal)
  // Only SIGKILL is answered when the container is down.
  await (signal === sigkill ? context.tracer.stop('kill', container, work) : work())
}

async function sendSignal(
  context: ContainerContext,
  container: Container,
  reference: string,
  signal: number,
): Promise<void> {
  const exited = waitFor(container, 'exit')
  try {
    await context.queue.run(container.record.id, async () => {
      const { state, record } = container
      if (!isUp(state) && state.status !== 'restarting') {
        throw new BerthError('CONFLICT', `cannot kill container: ${reference}: container ${record.id} is not running`)
      }
      const staysDown = signal === sigkill || signal === parseSignal(record.config.StopSignal ?? 'SIGTERM')
      if (staysDown) await transition(context, container, { kind: 'stopRequested' })
      if (isUp(container.state)) await signalProcess(context, container, signal)
    })
    // dockerd answers SIGKILL once the process is gone.
    if (signal === sigkill && isUp(container.state)) await endsWithin(context, exited.result, killWaitMs)
  } finally {
    exited.cancel()
  }
}

export async function pause(context: ContainerContext, reference: string): Promise<void> {
  const container = context.registry.get(reference)
  await context.queue.run(container.record.id, async () => {
    const { status } = container.state
    if (status === 'paused') throw new BerthError('CONFLICT', `Container ${container.record.id} is already paused`)
    if (status !== 'running') throw new BerthError('CONFLICT', `container ${container.record.id} is not running`)
    await container.live.monitor?.pause()
    await transition(context, container, { kind: 'paused' })
  })
}

export async function unpause(context: ContainerContext, reference: string): Promise<void> {
  const container = context.registry.get(reference)
  await context.queue.run(container.record.id, async () => {
    const { record, state } = container
    if (state.status !== 'paused') throw new BerthError('CONFLICT', `Container ${record.id} is not paused`)
    await container.live.monitor?.resume()
    await transition(context, container, { kind: 'resumed' })
  })
}

export interface RemoveOptions {
  readonly force: boolean
  readonly removeVolumes: boolean
}

export async function remove(context: ContainerContext, reference: string, options: RemoveOptions): Promise<void> {
  const container = context.registry.get(reference)
  if (!options.force) checkRemovable(container, reference)
  else if (isUp(container.state)) await kill(context, container.record.id, 'SIGKILL').catch(ignoreNotRunning)
  await context.queue.run(container.record.id, async () => {
    if (!options.force) checkRemovable(container, reference)
    await removeContainer(context, container, { removeVolumes: options.removeVolumes })
  })
}

function ignoreNotRunning(error: unknown): void {
  if (!(error instanceof BerthError) || error.code !== 'CONFLICT') throw error
}

export async function resize(
  context: ContainerContext,
  reference: string,
  height: number,
  width: number,
): Promise<void> {
  const container = context.registry.get(reference)
  if (!isUp(container.state) || container.live.monitor === undefined) {
    throw new BerthError('CONFLICT', `container ${container.record.id} is not running`)
  }
  // Without a terminal there is nothing to resize, which is no mistake to dockerd.
  if (container.record.config.Tty === true) await container.live.monitor.resize(height, width)
  publish(context, container, 'resize', { height: String(height), width: String(width) })
}
