import { formatPlatform } from '../../schemas/platform.ts'
import type { Platform } from '../images/oci.ts'
import { hostPlatform } from '../images/platform.ts'

/** Build arguments that every Dockerfile may name without a value. Source: the Dockerfile reference, "Automatic platform ARGs". */
export function platformArgs(target: Platform): Map<string, string> {
  const sides = { BUILD: hostPlatform, TARGET: target }
  return new Map(
    Object.entries(sides).flatMap(([side, platform]): [string, string][] => [
      [`${side}PLATFORM`, formatPlatform(platform)],
      [`${side}OS`, platform.os],
      [`${side}ARCH`, platform.architecture],
      [`${side}VARIANT`, platform.variant ?? ''],
    ]),
  )
}

/** Proxies may be given without an ARG, and are never part of a cache key. Source: the same, "Predefined ARGs". */
export const proxyArgs: readonly string[] = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap(
  name => [name, name.toLowerCase()],
)

/** HTTP_PROXY -> http_proxy, and back: BuildKit sets both. */
export const otherSpelling = (name: string): string =>
  name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase()
