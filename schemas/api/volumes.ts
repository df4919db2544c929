import * as z from 'zod/mini'
import { field, text, textMap } from './field.ts'

/** Body of POST /volumes/create; an empty name makes a random one (an anonymous volume). */
export const volumeCreateRequest = z.object({
  Name: field(text),
  Driver: field(text),
  DriverOpts: field(textMap),
  Labels: field(textMap),
})

export type VolumeCreateRequest = z.output<typeof volumeCreateRequest>

/** GET /volumes/{name} */
export interface VolumeInspect {
  readonly Name: string
  readonly Driver: string
  readonly Mountpoint: string
  readonly CreatedAt?: string
  readonly Status?: Readonly<Record<string, unknown>>
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Scope: 'local' | 'global'
  readonly Options: Readonly<Record<string, string>> | null
  readonly UsageData?: { readonly Size: number; readonly RefCount: number }
}

/** GET /volumes */
export interface VolumeList {
  readonly Volumes: readonly VolumeInspect[] | null
  readonly Warnings: readonly string[] | null
}

export interface VolumePruneResponse {
  readonly VolumesDeleted: readonly string[] | null
  readonly SpaceReclaimed: number
}
