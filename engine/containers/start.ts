import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ContainerFile } from '../../schemas/api/berth.ts'
import type { ContainerConfig } from '../../schemas/api/container-create.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { InjectedFile, LogConfig, MonitorEvent, StartConfig } from '../../schemas/runtime/monitor.ts'
import type { ResolvedImage } from '../images/service.ts'
import type { Attachment } from '../networks/attachments.ts'
import { NativeError } from '../runtime/connection.ts'
import { lookUpBlockIo, lookUpDevices } from '../runtime/devices.ts'
import { Monitor } from '../runtime/monitor.ts'
import { ownRuntimeName } from '../runtime/runtimes.ts'
import { parseSecurityOptions } from '../runtime/security.ts'
import { type ResolvedUser, toStartConfig } from '../runtime/spec.ts'
import { markStage } from '../runtime/trace.ts'
import { formatTime } from './clock.ts'
import type { Container } from './container.ts'
import { type ContainerContext, pathsOf } from './context.ts'
import { hostsFile, resolvConfFile } from './etc-files.ts'
import { grownHostConfig, handleExit, handleOom } from './exit.ts'
import { joinedNamespace, prepareSharedMemory } from './join-namespace.ts'
import { killLeftovers } from './leftovers.ts'
import { linkFacts } from './links.ts'
import { logConfigOf } from './log-config.ts'
import type { ContainerPaths } from './record.ts'
import { decideRestart, killsAllOnOom, type RestartDecision } from './restart.ts'
import { describeFailure } from './start-failure.ts'
import { zeroTime } from './state.ts'
import { transition } from './transition.ts'
import { resolveUser } from './user.ts'
import { planUserNamespace } from './user-namespace.ts'
import { liesOnTmpfs, makeWritableLayer, rootfsOf } from './writable-layer.ts'

/**
 * Brings a container up: network, monitor, spec, start. Runs in the container's queue. On failure everything that was made is given back, the
 * state tells the error, and it is thrown.
 */
export function startContainer(
  context: ContainerContext,
  container: Container,
  options: { readonly byPolicy: boolean },
): Promise<void> {
  return context.tracer.start(container, () => start(context, container, options))
}

async function start(
  context: ContainerContext,
  container: Container,
  options: { readonly byPolicy: boolean },
): Promise<void> {
  try {
    const { pid, startedAt, warnings } = await bringUp(context, container)
    if (warnings.length > 0) context.log.warn({ container: container.record.id, warnings }, 'started with warnings')
    await transition(context, container, { kind: 'started', pid, at: startedAt, byPolicy: options.byPolicy })
  } catch (error) {
    const failure = describeFailure(error, container.record.args[0] ?? '')
    const decision = options.byPolicy
      ? decideAfterFailure(container, failure.exitCode)
      : { restarts: false, delayMs: 0 }
    const at = formatTime(context.clock.now())
    await transition(context, container, { kind: 'startFailed', ...failure, at, decision })
    throw error instanceof BerthError && error.message === failure.error
      ? error
      : new BerthError(codeOf(error), failure.error, { cause: error })
  }
}

/** A failed restart may be a passing trouble (a port, a full disk): the policy tries again, with its growing delays. */
function decideAfterFailure({ record, state }: Container, exitCode: number): RestartDecision {
  return decideRestart(record.restartPolicy, {
    exitCode,
    ranForMs: 0,
    restartCount: state.restartCount,
    lastDelayMs: state.restartDelayMs,
    isManuallyStopped: state.isManuallyStopped,
  })
}

async function bringUp(context: ContainerContext, container: Container) {
  const { record, live } = container
  const paths = pathsOf(context, record.id)
  mkdirSync(paths.bundle, { recursive: true, mode: 0o700 })
  const image = await context.images.reopen(record.image)
  makeWritableLayer(context, image, paths)
  markStage('image and writable layer')
  const [attachment, monitor, mounts, sharedMemory, user, files] = await all([
    context.networks.attach(record.id),
    live.monitor ?? openMonitor(context, container, paths),
    context.volumes.prepare(record.id, record.mounts, image.hostTree === undefined ? image.lower : []),
    prepareSharedMemory(context, container),
    lookUpUser(context, container, image, paths),
    record.hasFiles ? readFiles(paths) : Promise.resolve([]),
  ])
  markStage('waits for network, monitor, volumes')
  live.monitor = monitor
  live.mounts = mounts
  writeEtcFiles(context, container, paths, attachment)
  const config = await buildConfig(context, container, { image, paths, attachment, user, files, sharedMemory })
  await Promise.all([...live.pendingAttaches].map(pending => pending.connect(monitor)))
  live.pendingAttaches.clear()
  markStage('specification')
  const started = await monitor.start(config)
  markStage('waits for the start')
  return { ...started, warnings: [...attachment.warnings, ...started.warnings] }
}

/** Like Promise.all, but a rejection waits until all have ended: what they made must be there to be given back. */
async function all<T extends readonly unknown[]>(
  values: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(values)
  for (const result of results as readonly PromiseSettledResult<unknown>[])
    if (result.status === 'rejected') throw result.reason
  return results.map(result => (result as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>
  }
}

async function openMonitor(context: ContainerContext, container: Container, paths: ContainerPaths): Promise<Monitor> {
  const { pid } = await context.spawner.monitor(container.record.id, paths.bundle)
  const monitor = await connectMonitor(context, container).catch(error => {
    // It has nothing yet, and nobody else will ever ask it to go.
    process.kill(pid, 'SIGKILL')
    throw error
  })
  // Known at once, so that a failure elsewhere gives it back.
  container.live.monitor = monitor
  return monitor
}

/** Connects to a container's monitor and hands its events to the container's queue. */
export async function connectMonitor(context: ContainerContext, container: Container): Promise<Monitor> {
  const { id } = container.record
  const monitor = await Monitor.connect(pathsOf(context, id).bundle, event => onMonitorEvent(context, container, event))
  monitor.onClose(() => {
    if (container.live.monitor !== monitor) return
    context.log.error({ container: id }, 'monitor lost')
    void context.queue.run(id, () => handleLostMonitor(context, container, monitor))
  })
  return monitor
}

/** Without its monitor a container has nobody who holds its output and waits for its end: it is ended too. Its exit code is nobody's to know. */
async function handleLostMonitor(context: ContainerContext, container: Container, monitor: Monitor): Promise<void> {
  if (container.live.monitor !== monitor) return
  container.live.monitor = undefined
  const parent = container.record.hostConfig.CgroupParent || context.host.cgroupParent
  await killLeftovers(`${parent}/${container.record.id}`)
  const at = formatTime(context.clock.now())
  await handleExit(context, container, {
    pid: container.state.pid,
    code: 255,
    signal: 0,
    startedAt: container.state.startedAt,
    finishedAt: at,
    oomKills: 0,
    memoryPeak: 0,
  })
}

function onMonitorEvent(context: ContainerContext, container: Container, event: MonitorEvent): void {
  switch (event.event) {
    case 'execExit':
      container.live.execWaiters.get(event.execId)?.(event.code)
      return
    case 'oom':
      void context.queue.run(container.record.id, async () => handleOom(context, container, event))
      return
    case 'exit':
      void context.queue
        .run(container.record.id, () =>
          context.tracer.exit(container, event.trace ?? [], () => handleExit(context, container, event)),
        )
        .catch(error => context.log.error({ container: container.record.id, err: error }, 'exit not handled'))
      return
    default:
      event satisfies never
  }
}

/** What links tell goes before the container's own, secrets after it. */
const withVariables = (
  config: ContainerConfig,
  links: readonly string[],
  secrets: readonly string[],
): ContainerConfig =>
  links.length + secrets.length === 0 ? config : { ...config, Env: [...links, ...(config.Env ?? []), ...secrets] }

async function buildConfig(
  context: ContainerContext,
  container: Container,
  parts: {
    readonly image: ResolvedImage
    readonly paths: ContainerPaths
    readonly attachment: Attachment
    readonly user: ResolvedUser
    readonly files: readonly InjectedFile[]
    readonly sharedMemory: string | undefined
  },
): Promise<StartConfig> {
  const { record } = container
  const { hostConfig } = record
  const [devices, blockIo] = await Promise.all([lookUpDevices(hostConfig), lookUpBlockIo(hostConfig)])
  const { paths } = parts
  const ipcPath = joinedNamespace(context, hostConfig.IpcMode, 'ipc')
  const pidPath = joinedNamespace(context, hostConfig.PidMode, 'pid')
  const userns = planUserNamespace(context, container, parts.attachment.netnsPath)
  const [height, width] = hostConfig.ConsoleSize ?? []
  const log: LogConfig = logConfigOf(hostConfig, paths.log)
  return toStartConfig({
    id: record.id,
    args: record.args,
    config: withVariables(record.config, linkFacts(context, container).environment, container.live.secretVariables),
    hostConfig: grownHostConfig(container),
    security: parseSecurityOptions(hostConfig.SecurityOpt ?? [], context.host.capabilities),
    user: parts.user,
    rootfsPath: paths.rootfs,
    rootfs: rootfsOf(context, parts.image, paths),
    volumes: container.live.mounts,
    etcFiles: paths,
    netnsPath: parts.attachment.netnsPath,
    ...(ipcPath === undefined ? {} : { ipcPath }),
    ...(userns === undefined ? {} : { userns }),
    ...(pidPath === undefined ? {} : { pidPath }),
    ...(parts.sharedMemory === undefined ? {} : { sharedMemory: parts.sharedMemory }),
    devices: devices.devices,
    deviceRules: devices.rules,
    ...(blockIo === undefined ? {} : { blockIo }),
    files: parts.files,
    log,
    runtime: context.runtimes.find(hostConfig.Runtime || ownRuntimeName),
    killsAllOnOom: killsAllOnOom(record.oomPolicy),
    isDurable: hostConfig.AutoRemove !== true && !liesOnTmpfs(context, parts.image),
    ...(height && width ? { consoleSize: { height, width } } : {}),
    host: context.host,
  })
}

function writeEtcFiles(
  context: ContainerContext,
  container: Container,
  paths: ContainerPaths,
  attachment: Attachment,
): void {
  const { config, hostConfig } = container.record
  const hostResolvConf = context.hostResolvConf()
  const hostname =
    config.Hostname || (hostConfig.NetworkMode === 'host' ? context.host.hostname : container.record.id.slice(0, 12))
  const gateway =
    attachment.hosts[0] === undefined
      ? '127.0.0.1'
      : context.networks.settings(container.record.id).Gateway || undefined
  const hostGateway = gateway ?? Object.values(context.networks.endpoints(container.record.id))[0]?.Gateway ?? undefined
  // On tmpfs: three system calls each, cheaper than the thread pool.
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o644 })
  const links = linkFacts(context, container).hosts
  write(paths.hosts, hostsFile(hostConfig.ExtraHosts ?? [], [...links, ...attachment.hosts], hostGateway))
  write(paths.resolvConf, resolvConfFile(attachment.nameserver, hostConfig, hostResolvConf))
  write(paths.hostname, `${hostname}\n`)
}

async function lookUpUser(
  context: ContainerContext,
  container: Container,
  image: ResolvedImage,
  paths: ContainerPaths,
): Promise<ResolvedUser> {
  const hasRun = container.state.startedAt !== zeroTime
  const accounts = await context.accounts.read(image, hasRun ? [`${paths.data}/upper`, `${paths.memory}/upper`] : [])
  return resolveUser(container.record.config.User ?? '', container.record.hostConfig.GroupAdd ?? [], accounts)
}

async function readFiles(paths: ContainerPaths): Promise<readonly InjectedFile[]> {
  const files = JSON.parse(await readFile(paths.files, 'utf8')) as readonly ContainerFile[]
  return files.map(file => ({
    path: file.Path,
    mode: file.Mode,
    uid: file.Uid,
    gid: file.Gid,
    contentBase64: file.Content,
  }))
}

/** A program that cannot be run is the client's mistake: dockerd answers 400. */
function codeOf(error: unknown): BerthError['code'] {
  if (error instanceof NativeError && error.failure.stage === 'exec') return 'INVALID_ARGUMENT'
  return error instanceof BerthError ? error.code : 'INTERNAL'
}
