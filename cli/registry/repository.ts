/** A name in a registry, taken apart: `docker.io/library/nginx:1` or `host:5000/team/app@sha256:...`. */
export interface Repository {
  /** Where its API is: `registry-1.docker.io` for Docker Hub. */
  readonly host: string
  readonly path: string
  /** Tag or digest. */
  readonly version: string
}

/** Docker's rules for names without a host, a folder or a tag (distribution/reference). undefined = not a name. */
export function parseRepository(reference: string): Repository | undefined {
  const [name = '', digest] = reference.split('@')
  const [first = '', ...rest] = name.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const below = hasHost ? rest.join('/') : name
  const [, path = '', tag] = /^([^:]*)(?::([\w][\w.-]{0,127}))?$/.exec(below) ?? []
  if (!/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(path)) return undefined
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined
  const isHub = !hasHost || first === 'docker.io'
  return {
    host: isHub ? 'registry-1.docker.io' : first,
    path: isHub && !path.includes('/') ? `library/${path}` : path,
    version: digest ?? tag ?? 'latest',
  }
}

/** Of this machine: such a registry may speak plain HTTP, as dockerd has it. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host)
}
