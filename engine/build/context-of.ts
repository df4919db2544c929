import { BerthError } from '../../schemas/errors.ts'
import type { ContainerContext } from '../containers/context.ts'
import type { KeyedQueue } from '../containers/keyed-queue.ts'
import { hostPlatform } from '../images/platform.ts'
import type { ImageService } from '../images/service.ts'
import type { BuildContext } from './build-context.ts'
import type { BuildCache } from './cache.ts'
import { expandWord } from './dockerfile/expand.ts'
import type { Dockerfile } from './dockerfile/instruction.ts'
import { platformArgs } from './platform-args.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import type { BuiltLayer } from './stage-state.ts'
import type { Workspace } from './workspace.ts'

export interface BuildParts {
  readonly engine: ContainerContext
  readonly images: ImageService
  readonly cache: BuildCache
  readonly workspace: Workspace
  readonly cacheRoot: string
  readonly locks: KeyedQueue
}

/** Everything that the steps of one build share. Throws INVALID_ARGUMENT. */
export function contextOf(
  parts: BuildParts,
  file: Dockerfile,
  request: BuildRequest,
  report: BuildReport,
  imported: ReadonlyMap<string, BuiltLayer>,
  signal: AbortSignal,
): BuildContext {
  const platform = platformArgs(request.platform ?? hostPlatform)
  const globals = new Map<string, string>()
  for (const instruction of file.globalArgs) {
    if (instruction.kind !== 'arg') continue
    for (const { name, value } of instruction.args) {
      const scope = new Map([...platform, ...globals])
      const chosen =
        request.args.get(name) ?? (value === undefined ? platform.get(name) : expandWord(value, scope, file.escapeMark))
      if (chosen !== undefined && chosen !== null) globals.set(name, chosen)
    }
  }
  const epoch = request.args.get('SOURCE_DATE_EPOCH') ?? undefined
  if (epoch !== undefined && !/^\d{1,12}$/.test(epoch))
    throw new BerthError(
      'INVALID_ARGUMENT',
      `SOURCE_DATE_EPOCH: expected seconds since 1970, found ${JSON.stringify(epoch)}`,
    )
  const latest = epoch === undefined ? undefined : Number(epoch)
  return {
    request,
    engine: parts.engine,
    store: parts.images.store,
    workspace: parts.workspace,
    cache: parts.cache,
    report,
    escapeMark: file.escapeMark,
    globals,
    platform,
    imported,
    latest,
    cacheRoot: parts.cacheRoot,
    signal,
    created: () => (latest === undefined ? parts.images.now() : new Date(latest * 1000)).toISOString(),
    treeFor: () => Promise.reject(new Error('no stage is running')),
    locked: (names, work) =>
      names.reduceRight<() => ReturnType<typeof work>>((inner, name) => () => parts.locks.run(name, inner), work)(),
  }
}
