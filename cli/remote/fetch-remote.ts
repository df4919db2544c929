import { homedir } from 'node:os'
import { join } from 'node:path'
import { isOciAddress } from '../load/remote-files.ts'
import { fetchGit } from './fetch-git.ts'
import { fetchOci } from './fetch-oci.ts'

/** Fetches the stack file of an address into the user's cache; answers its path there. */
export function fetchRemote(
  env: Readonly<Record<string, string | undefined>>,
  address: string,
  signal: AbortSignal,
): Promise<string> {
  const cacheDir = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'berth', 'stacks')
  return isOciAddress(address) ? fetchOci(env, address, cacheDir, signal) : fetchGit(env, address, cacheDir, signal)
}
