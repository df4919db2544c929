/** How the engine reaches registries: what daemon.json and the environment say. Plain data. */
export interface RegistrySettings {
  /** URLs (`https://mirror.example`) that are asked before Docker Hub; only for docker.io, as dockerd has it. */
  readonly mirrors: readonly string[]
  /** `host`, `host:port` or a network in CIDR notation: certificates are not verified, and plain HTTP is a way out. Loopback always is. */
  readonly insecure: readonly string[]
  /** Folders with one folder per `host[:port]` that holds `*.crt` (authorities) and `*.cert` with `*.key` (client certificates). */
  readonly certificateFolders: readonly string[]
  readonly proxies: ProxySettings
  /** Layers of one image at a time. */
  readonly maxDownloads: number
  readonly maxUploads: number
  /** Of one request or broken transfer, the first included. */
  readonly maxAttempts: number
  /** Waited before the second attempt; doubled for each further one. */
  readonly retryDelayMs: number
}

export interface ProxySettings {
  /** URL of the proxy for plain HTTP. */
  readonly http?: string | undefined
  readonly https?: string | undefined
  /** Comma-separated hosts, domains (`.example`), networks and `host:port` that are reached directly; `*` is all. */
  readonly no?: string | undefined
}

export const defaultRegistrySettings: RegistrySettings = {
  mirrors: [],
  insecure: [],
  certificateFolders: ['/etc/berth/certs.d', '/etc/docker/certs.d'],
  proxies: {},
  maxDownloads: 4,
  maxUploads: 5,
  maxAttempts: 5,
  retryDelayMs: 500,
}

/** `HTTP_PROXY` and its siblings, in either case, as Go's httpproxy reads them. */
export function proxiesOfEnvironment(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const read = (name: string) => env[name] || env[name.toLowerCase()] || undefined
  return { http: read('HTTP_PROXY'), https: read('HTTPS_PROXY'), no: read('NO_PROXY') }
}
