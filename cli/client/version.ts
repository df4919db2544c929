import { BerthError } from '../../schemas/errors.ts'

/** The newest version that this client was written for, and the oldest that it can work with. */
export const newestVersion = '1.51'
export const oldestVersion = '1.41'

/** The version to speak with an engine that offers `offered` (header Api-Version): the lower of both. '' = an engine that does not say. */
export function negotiateVersion(offered: string): string {
  if (offered === '') return newestVersion
  if (isOlder(offered, oldestVersion)) {
    throw new BerthError('NOT_IMPLEMENTED', `expected an engine with API ${oldestVersion} or newer, found ${offered}`)
  }
  return isOlder(offered, newestVersion) ? offered : newestVersion
}

/** `1.9` is older than `1.44`. */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number)
  return major === thanMajor ? minor < thanMinor : major < thanMajor
}
