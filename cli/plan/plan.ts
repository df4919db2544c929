import type { ContainerCreateRequest } from '../../schemas/api/container-create.ts'
import type { ExecCreateRequest } from '../../schemas/api/exec.ts'
import type { NetworkCreateRequest } from '../../schemas/api/networks.ts'
import type { VolumeCreateRequest } from '../../schemas/api/volumes.ts'
import type { SourcePosition } from '../model/project.ts'
import type { BuildInput } from './builds.ts'

/** `+` comes to be, `-` goes away, `±` is replaced, `~` changes in place; ` ` changes nothing (waiting). */
export type Sign = '+' | '~' | '-' | '±' | ' '

/** Why an op is in the plan. `field` names a value of the stack file with what it was and what it is to be. */
export interface Reason {
  readonly text: string
  readonly field?: {
    /** `services.web.environment.A` */
    readonly path: string
    /** JSON values; undefined = was not there, or is not there any more. Never the content of a secret. */
    readonly before: unknown
    readonly after: unknown
    readonly position: SourcePosition | undefined
  }
}

interface OpBase<Kind extends string> {
  readonly kind: Kind
  /** Unique in the plan, e.g. `container/shop-web-1/create`. */
  readonly key: string
  /** Ops that must be done before; if one fails or is skipped, so is this. */
  readonly needs: readonly string[]
  /** Ops that must have ended before, however they ended. */
  readonly after: readonly string[]
  readonly sign: Sign
  readonly why: readonly Reason[]
  /** Set on the parts of a larger change (the stop inside a recreate): the key of the op that stands for the whole. */
  readonly partOf?: string
}

interface ContainerOpBase<Kind extends string> extends OpBase<Kind> {
  readonly service: string
  /** The container's final name. */
  readonly name: string
  /** Known for containers that exist already. */
  readonly id?: string
}

export interface ImagePullOp extends OpBase<'image.pull'> {
  readonly reference: string
  readonly platform: string | undefined
}

export interface ImageBuildOp extends OpBase<'image.build'> {
  readonly reference: string
  readonly service: string
  readonly input: BuildInput
}

export interface NetworkCreateOp extends OpBase<'network.create'> {
  readonly name: string
  readonly body: NetworkCreateRequest
}

export interface NetworkRemoveOp extends OpBase<'network.remove'> {
  readonly name: string
  readonly id: string
}

export interface VolumeCreateOp extends OpBase<'volume.create'> {
  readonly name: string
  readonly body: VolumeCreateRequest
}

export interface VolumeRemoveOp extends OpBase<'volume.remove'> {
  readonly name: string
}

export interface ImageRemoveOp extends OpBase<'image.remove'> {
  readonly reference: string
}

export interface ContainerCreateOp extends ContainerOpBase<'container.create'> {
  readonly number: number
  /** The name that it is created under: while the one it replaces still has `name`, a temporary one. */
  readonly createName: string
  readonly body: ContainerCreateRequest
  /** Secrets and configs to put in; their content is looked up by key when the op runs, and is never in a plan. */
  readonly files: readonly PlannedFile[]
  readonly platform: string | undefined
}

export interface PlannedFile {
  readonly kind: 'secret' | 'config'
  readonly source: string
  readonly path: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

export interface ContainerStartOp extends ContainerOpBase<'container.start'> {
  readonly isJob: boolean
  /** Run inside the container, in order, when it runs. */
  readonly postStart?: readonly ExecCreateRequest[]
}

export interface ContainerStopOp extends ContainerOpBase<'container.stop'> {
  /** Run inside the container, in order, before it is stopped. */
  readonly preStop?: readonly ExecCreateRequest[]
  readonly timeoutSeconds: number | undefined
}

export interface ContainerRemoveOp extends ContainerOpBase<'container.remove'> {
  readonly force: boolean
  readonly removeVolumes: boolean
  /** It runs, and no stop comes before. */
  readonly isRunning?: true
  /** Run inside the container, in order, before it is removed; only where no stop comes before. */
  readonly preStop?: readonly ExecCreateRequest[]
}

export interface ContainerRenameOp extends ContainerOpBase<'container.rename'> {
  readonly from: string
}

export interface ContainerRestartOp extends ContainerOpBase<'container.restart'> {
  readonly preStop?: readonly ExecCreateRequest[]
  readonly postStart?: readonly ExecCreateRequest[]
  readonly timeoutSeconds: number | undefined
}

export interface ContainerKillOp extends ContainerOpBase<'container.kill'> {
  readonly signal: string
}

export type ContainerPauseOp = ContainerOpBase<'container.pause'>
export type ContainerUnpauseOp = ContainerOpBase<'container.unpause'>

/** `ready`: healthy if it has a health check, else running; a job (restart: no) that has exited with 0 is ready too. */
export type Goal = 'ready' | 'healthy' | 'completed'

/** Holds no slot of the scheduler: it ends when every container of a service has reached the goal. */
export interface WaitOp extends OpBase<'wait'> {
  readonly service: string
  readonly goal: Goal
  readonly containers: readonly string[]
  /** Only dependencies with `required: false` wait: a service that does not reach the goal is told, and is no failure. */
  readonly isOptional?: true
}

export type Op =
  | ImagePullOp
  | ImageBuildOp
  | ImageRemoveOp
  | NetworkCreateOp
  | NetworkRemoveOp
  | VolumeCreateOp
  | VolumeRemoveOp
  | ContainerCreateOp
  | ContainerStartOp
  | ContainerStopOp
  | ContainerRemoveOp
  | ContainerRenameOp
  | ContainerRestartOp
  | ContainerKillOp
  | ContainerPauseOp
  | ContainerUnpauseOp
  | WaitOp

/** A service's containers that are as they should be and will not be touched. */
export interface Unchanged {
  readonly service: string
  readonly name: string
  readonly id: string
  /** A job that has done its work: it is right as it is, and not running. */
  readonly isDone: boolean
  /** Asked to stop, and stopped before. */
  readonly isStopped?: true
}

export interface Plan {
  readonly project: string
  /** In a valid order: every op comes after those in its `needs` and `after`. */
  readonly ops: readonly Op[]
  readonly unchanged: readonly Unchanged[]
  readonly warnings: readonly string[]
}

/** True when applying the plan would change something. */
export const hasChanges = (plan: Plan): boolean => plan.ops.some(op => op.sign !== ' ')
