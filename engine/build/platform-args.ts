import { hostPlatform } from '../images/platform.ts'

/** Build arguments that every Dockerfile may name without a value. Source: the Dockerfile reference, "Automatic platform ARGs". */
export function platformArgs(): Map<string, string> {
  const { os, architecture, variant = '' } = hostPlatform
  const text = [os, architecture, ...(variant === '' ? [] : [variant])].join('/')
  return new Map(
    ['BUILD', 'TARGET'].flatMap(side => [
      [`${side}PLATFORM`, text],
      [`${side}OS`, os],
      [`${side}ARCH`, architecture],
      [`${side}VARIANT`, variant],
    ]),
  )
}

/** Proxies may be given without an ARG, and are never part of a cache key. Source: the same, "Predefined ARGs". */
export const proxyArgs: readonly string[] = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap(
  name => [name, name.toLowerCase()],
)
