import { posix } from 'node:path'
import { BerthError } from '../../../schemas/errors.ts'

export interface GitUrl {
  /** What git is given. */
  readonly remote: string
  /** Branch, tag or commit; undefined: what the other side calls HEAD. */
  readonly ref: string | undefined
  /** Absolute in the repository. */
  readonly folder: string
}

/**
 * `https://host/x.git#ref:folder`, `git://`, `ssh://`, `git@host:x`, `github.com/x/y`; undefined for what is no repository. Throws INVALID_ARGUMENT for a
 * reference that is none. Source: BuildKit, util/gitutil; moby, builder/remotecontext/urlutil.
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  const [address = '', fragment = ''] = split(text, '#')
  const isRepository =
    /^(git|ssh):\/\/[^-]/.test(address) ||
    /^https?:\/\/[^/]+\/.*\.git$/.test(address) ||
    /^[a-z0-9][\w.-]*@[a-z0-9][\w.-]*:[^-]/i.test(address)
  const isGithub = /^github\.com\/[^/]/.test(address)
  if (!isRepository && !isGithub) return undefined
  const [ref = '', folder = ''] = split(fragment, ':')
  if (/[\0-\x20\x7f]/.test(text)) throw refused(text, 'there are blanks or control characters in it')
  if (ref !== '' && (!/^[A-Za-z0-9_][\w./+@-]*$/.test(ref) || ref.includes('..') || ref.endsWith('.lock')))
    throw refused(text, `${JSON.stringify(ref)} is no branch, tag or commit`)
  return {
    remote: isGithub ? `https://${address}` : address,
    ref: ref === '' ? undefined : ref,
    folder: posix.resolve('/', folder),
  }
}

/** At the first `mark`. */
const split = (text: string, mark: string): string[] => {
  const at = text.indexOf(mark)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

const refused = (text: string, why: string): BerthError =>
  new BerthError('INVALID_ARGUMENT', `git repository ${JSON.stringify(text)}: ${why}`)
