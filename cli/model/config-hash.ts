import { createHash } from 'node:crypto'
import type { Network, Service, Volume } from './project.ts'

/** Goes into every hash. It changes only when the meaning of what is hashed does, never because a field is added: absent fields leave no trace. */
const VERSION = 'berth/1'

/** What may change without making a container anew, as in Compose: how to get the image, how many, after what. */
const outsideContainer = ['name', 'build', 'pullPolicy', 'scale', 'profiles', 'dependsOn', 'attach'] as const

export type HashedService = Omit<Service, 'configHash'>

/** sha256 over the canonical JSON of what a container is made from, with the contents of its secrets and configs. */
export function serviceHash(
  service: HashedService,
  digestOf: (section: 'secrets' | 'configs', key: string) => string,
): string {
  const container: Record<string, unknown> = { ...service }
  for (const key of outsideContainer) delete container[key]
  const files = (['secrets', 'configs'] as const).flatMap(section =>
    service[section].map(({ source, target }) => `${section} ${target} ${digestOf(section, source)}`),
  )
  return hash({
    ...container,
    files,
    clears: { command: isCleared(service.command), entrypoint: isCleared(service.entrypoint) },
  })
}

export function networkHash({
  driver,
  driverOpts,
  isInternal,
  isAttachable,
  enableIpv4,
  enableIpv6,
  ipam,
  labels,
}: Omit<Network, 'configHash'>): string {
  return hash({ driver, driverOpts, isInternal, isAttachable, enableIpv4, enableIpv6, ipam, labels })
}

/** Labels stay out: a volume made anew has lost its data. */
export function volumeHash({ name, driver, driverOpts }: Omit<Volume, 'configHash'>): string {
  return hash({ name, driver, driverOpts })
}

/** JSON with sorted keys and without what is absent or empty, so that neither order nor a new field that nobody set changes it. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(strip(value)) ?? 'null'
}

function hash(value: object): string {
  return createHash('sha256')
    .update(`${VERSION}\n${canonicalJson(value)}`)
    .digest('hex')
}

function strip(value: unknown): unknown {
  if (value === false || value === undefined) return undefined
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(each => strip(each) ?? null)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .map(([key, each]) => [key, strip(each)] as const)
    .filter(([, each]) => each !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** `command: []` and no command are not the same: the first clears the image's. */
function isCleared(command: readonly string[] | undefined): boolean {
  return command?.length === 0
}
