import type { ContainerContext } from '../containers/context.ts'
import type { ImageStore } from '../images/store.ts'
import type { BuildCache } from './cache.ts'
import type { Variables } from './dockerfile/expand.ts'
import type { BuildReport, BuildRequest } from './request.ts'
import type { BuiltLayer } from './stage-state.ts'
import type { Tree, Workspace } from './workspace.ts'

/** What every step of one build may use. */
export interface BuildContext {
  readonly request: BuildRequest
  readonly engine: ContainerContext
  readonly store: ImageStore
  readonly workspace: Workspace
  readonly cache: BuildCache
  readonly report: BuildReport
  readonly escapeMark: string
  /** ARGs from above the first FROM. */
  readonly globals: Variables
  /** Layers of images given as `cachefrom`, by the keys of their steps. */
  readonly imported: ReadonlyMap<string, BuiltLayer>
  /** BUILDPLATFORM, TARGETARCH and the like. */
  readonly platform: Variables
  /** SOURCE_DATE_EPOCH in seconds. */
  readonly latest: number | undefined
  readonly cacheRoot: string
  readonly signal: AbortSignal
  /** Now, or SOURCE_DATE_EPOCH; RFC 3339. */
  created(): string
  /** What `--from` names: a stage, a named context, an image; the build's context without one. */
  treeFor(from: string | undefined): Promise<Tree>
  /** Holds cache folders that one step at a time may use. */
  locked<T>(names: readonly string[], work: () => Promise<T>): Promise<T>
}
