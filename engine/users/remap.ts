import { BerthError } from '../../schemas/errors.ts'
import type { OciIdMapping } from '../../schemas/runtime/oci.ts'
import { autoCount, defaultPool, type IdRange, IdRanges } from './id-ranges.ts'
import { parseSubordinate, type SubordinateRange, toIdMappings } from './subordinate.ts'

/** Maps of ids, as the OCI runtime specification has them. */
export interface IdMaps {
  readonly uid: readonly OciIdMapping[]
  readonly gid: readonly OciIdMapping[]
}

/** Text of the host's files; empty when they are not there. */
export interface HostAccounts {
  readonly passwd: string
  readonly group: string
  readonly subuid: string
  readonly subgid: string
}

/** The user that `userns-remap: default` means, in dockerd too. */
const defaultUser = 'dockremap'
/** Whose lines in /etc/subuid and /etc/subgid the ranges of `auto` come from. */
const rangesUser = 'berth'

/** What the daemon's options and the host's files make of user namespaces. */
export interface UserNamespaces {
  /** `userns-remap`: what a container gets that says nothing. */
  readonly remap: IdMaps | undefined
  readonly ranges: IdRanges
}

/** Throws USAGE where dockerd does not start either: an unknown user or group, one without subordinate ids. */
export function userNamespaces(remap: string | undefined, accounts: HostAccounts): UserNamespaces {
  const uids = parseSubordinate(accounts.subuid)
  const gids = parseSubordinate(accounts.subgid)
  const own = intersection(uids, gids)
  const foreign = [...uids, ...gids].filter(range => range.owner !== rangesUser)
  const ranges = new IdRanges(own.length > 0 ? own : [defaultPool], foreign)
  if (remap === undefined || remap === '' || remap === 'host') return { remap: undefined, ranges }
  return { remap: remapped(remap, accounts, { uids, gids }) ?? fallback(), ranges }
}

/** Undefined: `default` without lines of its own. */
function remapped(
  text: string,
  accounts: HostAccounts,
  { uids, gids }: { readonly uids: readonly SubordinateRange[]; readonly gids: readonly SubordinateRange[] },
): IdMaps | undefined {
  const [userText = '', groupText, ...more] = text.split(':')
  if (userText === '' || groupText === '' || more.length > 0)
    throw refuse(text, 'expected "default", user, user:group, or their numbers')
  const isDefault = userText === 'default'
  const user = isDefault
    ? { id: idOf(accounts.passwd, defaultUser), name: defaultUser }
    : findAccount(accounts.passwd, userText, text, 'user')
  const group = isDefault
    ? { id: idOf(accounts.group, defaultUser), name: defaultUser }
    : findAccount(accounts.group, groupText ?? user.name, text, 'group')
  const maps = { uid: toIdMappings(uids, user), gid: toIdMappings(gids, group) }
  if (isDefault && maps.uid.length === 0 && maps.gid.length === 0) return undefined
  if (maps.uid.length === 0) throw refuse(text, `no subuid ranges found for user "${user.name}"`)
  if (maps.gid.length === 0) throw refuse(text, `no subgid ranges found for group "${group.name}"`)
  return maps
}

/** dockerd would make the user and give it ids; nobody needs the user, and there are ids below our own ranges. Always the same ones. */
function fallback(): IdMaps {
  const mapping = [{ containerID: 0, hostID: defaultPool.first - autoCount, size: autoCount }]
  return { uid: mapping, gid: mapping }
}

/** Only what users and groups have alike: a container's ids are the same number of both. */
function intersection(uids: readonly SubordinateRange[], gids: readonly SubordinateRange[]): readonly IdRange[] {
  const own = (ranges: readonly SubordinateRange[]) => ranges.filter(range => range.owner === rangesUser)
  return own(uids).flatMap(uid =>
    own(gids).flatMap(gid => {
      const first = Math.max(uid.first, gid.first)
      const end = Math.min(uid.first + uid.count, gid.first + gid.count)
      return end > first ? [{ first, count: end - first }] : []
    }),
  )
}

function findAccount(file: string, wanted: string, text: string, kind: 'user' | 'group') {
  const isNumber = /^\d+$/.test(wanted)
  for (const line of file.split('\n')) {
    const [name = '', , id] = line.split(':')
    if (name !== '' && (isNumber ? id === wanted : name === wanted)) return { id: Number(id), name }
  }
  throw refuse(text, `there is no ${kind} ${wanted} in /etc/${kind === 'user' ? 'passwd' : 'group'}`)
}

function idOf(file: string, name: string): number | undefined {
  const line = file.split('\n').find(text => text.startsWith(`${name}:`))
  return line === undefined ? undefined : Number(line.split(':')[2])
}

const refuse = (text: string, why: string): BerthError =>
  new BerthError('USAGE', `userns-remap: "${text}": ${why}`, {
    hint: 'give it ids in /etc/subuid and /etc/subgid, e.g. a line "NAME:231072:65536" in each',
  })
