import { BerthError } from '../../schemas/errors.ts'
import type { ApiVersion } from './context.ts'

export const maxApiVersion: ApiVersion = { major: 1, minor: 51 }
export const minApiVersion: ApiVersion = { major: 1, minor: 24 }
export const formatVersion = ({ major, minor }: ApiVersion): string => `${major}.${minor}`

/**
 * Splits `/v1.43/containers/json` into version and path; a path without a version means the newest.
 * Throws INVALID_ARGUMENT with the texts of dockerd 28 (api/server/middleware/version.go).
 */
export function splitVersion(path: string): { readonly version: ApiVersion; readonly path: string } {
  if (path[1] !== 'v') return { version: maxApiVersion, path }
  const match = /^\/v(\d{1,4})\.(\d{1,4})(?=\/)/.exec(path)
  if (match === null) return { version: maxApiVersion, path }
  const version = { major: Number(match[1]), minor: Number(match[2]) }
  if (compare(version, minApiVersion) < 0) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `client version ${formatVersion(version)} is too old. Minimum supported API version is ${formatVersion(minApiVersion)}, please upgrade your client to a newer version`,
    )
  }
  if (compare(version, maxApiVersion) > 0) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `client version ${formatVersion(version)} is too new. Maximum supported API version is ${formatVersion(maxApiVersion)}`,
    )
  }
  return { version, path: path.slice(match[0].length) }
}

/** True when the request speaks `minor` or newer. */
export const isAtLeast = (version: ApiVersion, minor: number): boolean => compare(version, { major: 1, minor }) >= 0

const compare = (a: ApiVersion, b: ApiVersion): number => a.major - b.major || a.minor - b.minor
