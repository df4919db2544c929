import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ContextListing, ListedFile } from '../../schemas/api/context-listing.ts'
import type { BuildInput } from '../plan/builds.ts'
import { ContentDigests } from './content-digests.ts'
import type { ContextFiles } from './context-files.ts'

/** What a context of this size is worth: reading more would cost what it saves. */
const maxBytes = 64 * 1024 * 1024

/** Of JSON that an engine takes. */
const maxListingBytes = 8 * 1024 * 1024

/**
 * The context without its contents, for a build that may be in the engine's cache as a whole. Undefined where that cannot be, or a listing cannot say
 * what is there. `cacheFolder` keeps digests of files. Synchronous: thousands of short calls cost a tenth of what they would through the thread pool.
 */
export function listContext(
  input: BuildInput,
  files: ContextFiles,
  options: { readonly cacheFolder: string; readonly now: number },
): ContextListing | undefined {
  const { dockerfile, ignore } = files
  const isAnew = input.noCache || input.pulls || input.noCacheStages.length > 0 || input.cacheFrom.length > 0
  if (isAnew || dockerfile.path === undefined || dockerfile.content !== undefined) return undefined
  if (Object.values(input.contexts).some(source => 'folder' in source)) return undefined
  const digests = new ContentDigests(options.cacheFolder, input.context, { now: options.now, maxBytes })
  const listed: ListedFile[] = []
  if (!list(input.context, '', files, digests, listed)) return undefined
  digests.save()
  const listing = {
    dockerfile: readFileSync(dockerfile.path).toString('base64'),
    ...(ignore === undefined ? {} : { ignore: Buffer.from(ignore).toString('base64') }),
    files: listed,
  }
  return JSON.stringify(listing).length <= maxListingBytes ? listing : undefined
}

/** False when there is something that a listing has no words for. */
function list(
  context: string,
  path: string,
  files: ContextFiles,
  digests: ContentDigests,
  listed: ListedFile[],
): boolean {
  const absolute = join(context, path)
  const status = lstatSync(absolute, { bigint: true })
  const mode = Number(status.mode & 0o7777n)
  if (!files.includes(path, status.isDirectory()) || status.isSocket()) return true
  if (status.isSymbolicLink()) {
    listed.push({ path, kind: 'link', target: readlinkSync(absolute) })
    return true
  }
  if (status.isFile() && status.nlink === 1n) {
    const digest = digests.digestOf(path, absolute, status)
    if (digest !== undefined) listed.push({ path, kind: 'file', mode, size: Number(status.size), digest })
    return digest !== undefined
  }
  if (!status.isDirectory()) return false
  listed.push({ path, kind: 'folder', mode })
  const names = readdirSync(absolute, { encoding: 'buffer' }).sort(Buffer.compare)
  return names.every(name => isText(name) && list(context, join(path, name.toString()), files, digests, listed))
}

const isText = (name: Buffer): boolean => Buffer.from(name.toString()).equals(name)
