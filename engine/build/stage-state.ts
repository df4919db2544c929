import type { z } from 'zod/mini'
import type { Descriptor, HistoryEntry, ImageConfig, ImageDocument } from '../images/oci.ts'

export interface BuiltLayer {
  readonly diffId: string
  readonly descriptor: Descriptor
  /** Of the step that made it, in a build's cache; layers of a base have none. */
  readonly key?: string
}

/** A stage as far as it has come. A value: each step gives the next one. */
export interface StageState {
  /** Bottom first. */
  readonly layers: readonly BuiltLayer[]
  readonly config: ImageConfig
  readonly history: readonly z.infer<typeof HistoryEntry>[]
  /** What is under it, for architecture and the like; undefined: scratch. */
  readonly base: Pick<ImageDocument, 'architecture' | 'os' | 'variant'> | undefined
  /** `rootfs:/`, the machine's own tree, lies under all layers: such a stage can be copied from, and is no image. */
  readonly hostTree: string | undefined
  /** ARG values in scope. */
  readonly args: ReadonlyMap<string, string>
  /** Arguments in scope without an ARG that names them (proxies). */
  readonly automatic: ReadonlySet<string>
  readonly author: string
  /** This stage has a CMD of its own, which a later ENTRYPOINT leaves. */
  readonly hasOwnCommand: boolean
}

/** Variables for `$name`: ENV wins over ARG. */
export function variablesOf(state: StageState): Map<string, string> {
  return new Map([...state.args, ...environmentOf(state)])
}

export function environmentOf({ config }: StageState): Map<string, string> {
  return new Map(
    (config.Env ?? []).map(entry => {
      const at = entry.indexOf('=')
      return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)]
    }),
  )
}

export const shellOf = ({ config }: StageState): readonly string[] => config.Shell ?? ['/bin/sh', '-c']
