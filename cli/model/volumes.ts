import { attributes, text, textMap } from './attributes.ts'
import { volumeHash } from './config-hash.ts'
import type { Volume } from './project.ts'

export function volume(value: unknown, key: string): Volume {
  const own = attributes(value)
  const declared: Omit<Volume, 'configHash'> = {
    key,
    name: text(own['name']) ?? key,
    isExternal: own['external'] === true,
    driver: text(own['driver']),
    driverOpts: textMap(own['driver_opts']),
    labels: textMap(own['labels']),
  }
  return { ...declared, configHash: volumeHash(own) }
}
