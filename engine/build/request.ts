import type { HostConfig } from '../../schemas/api/host-config.ts'
import type { Platform } from '../images/oci.ts'

/** What a build is asked for; the context lies in the workspace already. */
export interface BuildRequest {
  /** Path in the context. */
  readonly dockerfile: string
  /** What messages call it. */
  readonly shownName: string
  /** Full names. */
  readonly names: readonly string[]
  /** A name that stays the same from build to build: reasons of cache misses compare with the last one. */
  readonly scope: string
  /** `null`: named without a value. */
  readonly args: ReadonlyMap<string, string | null>
  readonly target: string
  readonly noCache: boolean
  readonly pulls: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Network of RUN: `default`, `none`, `host` or the name of one. */
  readonly network: string
  /** Limits of the containers of RUN. */
  readonly hostConfig: HostConfig
  /** By id. */
  readonly secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents by id. */
  readonly agents: ReadonlyMap<string, string>
  readonly entitlements: ReadonlySet<string>
  /** Lower case; steps of these are made anew. */
  readonly noCacheStages: ReadonlySet<string>
  /** Images whose steps may be taken over. */
  readonly cacheFrom: readonly string[]
  /** The image tells the keys of its steps. */
  readonly keepsKeys: boolean
  /** What the image is for; undefined: this machine, and local images as they are. */
  readonly platform: Platform | undefined
  /** Named contexts: a folder of the workspace, or an image. */
  readonly contexts: ReadonlyMap<string, { readonly folder: string } | { readonly image: string }>
}

/** Told while a build goes on. */
export interface BuildReport {
  /** A step begins: `Step 2/5 : RUN make`. */
  line(text: string): void
  /** Output of a program, as it comes. */
  output(text: string): void
}
