import type { Problems } from './problems.ts'
import type { Mark } from './yaml/node.ts'

/** Stack files elsewhere: `oci://HOST/NAME:TAG`, or a git repository with `#REF:FOLDER` behind (docker/compose, pkg/remote). */
export function isRemote(address: string): boolean {
  return isOciAddress(address) || isGitAddress(address)
}

export function isOciAddress(address: string): boolean {
  return address.startsWith('oci://')
}

/** BuildKit's rules for what a git address is, but that a name alone never is one. */
export function isGitAddress(address: string): boolean {
  const [repository = ''] = address.split('#')
  return (
    /^(?:git|ssh|git\+ssh):\/\//.test(repository) ||
    /^git@[^:]+:/.test(repository) ||
    /^github\.com\/[^/]+\/[^/]+/.test(repository) ||
    /^https?:\/\/.*\.git$/.test(repository)
  )
}

/**
 * Where the files of addresses were fetched to. Loading is synchronous: it notes the addresses that it lacks in `wanted`, and is done again when
 * they are there.
 */
export class RemoteFiles {
  readonly wanted = new Set<string>()
  readonly #paths = new Map<string, string>()

  /** The local copy of an address; undefined = it is wanted now. */
  pathOf(address: string): string | undefined {
    const path = this.#paths.get(address)
    if (path === undefined) this.wanted.add(address)
    return path
  }

  add(address: string, path: string): void {
    this.#paths.set(address, path)
    this.wanted.delete(address)
  }
}

/** Where the file of an address is; undefined while it is not fetched, which is an error of this pass. */
export function localCopy(
  address: string,
  remoteFiles: RemoteFiles | undefined,
  problems: Problems,
  mark?: Mark,
): string | undefined {
  const path = remoteFiles?.pathOf(address)
  if (path === undefined) problems.error({ code: 'not-fetched', message: `${address} is not fetched`, mark })
  return path
}
