import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { ResolvedUser } from '../runtime/spec.ts'

/** Text of /etc/passwd and /etc/group of a container; empty when it has none. */
export interface AccountFiles {
  readonly passwd: string
  readonly group: string
}

const maxId = 4_294_967_294
const maxFileBytes = 1024 * 1024

/**
 * Numbers behind Docker's `user[:group]`: names from the container's own files, digits as they are. Throws INVALID_ARGUMENT with runc's texts.
 * `4294967295` and negative numbers are refused: to setresuid they would mean "stay root".
 */
export function resolveUser(text: string, groupAdd: readonly string[], accounts: AccountFiles): ResolvedUser {
  const at = text.indexOf(':')
  const userText = at === -1 ? text : text.slice(0, at)
  const groupText = at === -1 ? '' : text.slice(at + 1)
  const entry = findPasswd(userText === '' ? '0' : userText, accounts.passwd)
  const uid = entry?.uid ?? parseId(userText === '' ? '0' : userText)
  if (uid === undefined) {
    throw new BerthError('INVALID_ARGUMENT', `unable to find user ${userText}: no matching entries in passwd file`)
  }
  const name = entry?.name
  const groups = groupText === '' && name !== undefined ? memberships(name, accounts.group) : []
  const gid = groupText === '' ? (entry?.gid ?? 0) : groupId(groupText, accounts.group)
  return {
    uid,
    gid,
    // Its own among them (CVE-2022-36109): a file that is denied to a group stays denied when the process takes another group id.
    additionalGids: [...new Set([gid, ...groups, ...groupAdd.map(group => groupId(group, accounts.group))])],
    home: entry?.home || '/',
  }
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** By name first, then by number. */
function findPasswd(text: string, passwd: string): PasswdEntry | undefined {
  let byNumber: PasswdEntry | undefined
  for (const line of passwd.split('\n')) {
    const [name, , uidText, gidText, , home] = line.split(':')
    if (name === undefined || name === '' || name.startsWith('#')) continue
    if (name !== text && uidText !== text) continue
    const uid = parseId(uidText ?? '')
    const gid = parseId(gidText ?? '')
    if (uid === undefined || gid === undefined) continue
    const entry = { name, uid, gid, home: home ?? '' }
    if (name === text) return entry
    byNumber ??= entry
  }
  return byNumber
}

function groupId(text: string, group: string): number {
  for (const line of group.split('\n')) {
    const [name, , gidText] = line.split(':')
    const gid = parseId(gidText ?? '')
    if (name === text && gid !== undefined) return gid
  }
  const gid = parseId(text)
  if (gid === undefined)
    throw new BerthError('INVALID_ARGUMENT', `unable to find group ${text}: no matching entries in group file`)
  return gid
}

function memberships(name: string, group: string): number[] {
  const gids: number[] = []
  for (const line of group.split('\n')) {
    const [, , gidText, members] = line.split(':')
    const gid = parseId(gidText ?? '')
    if (gid !== undefined && members?.split(',').includes(name)) gids.push(gid)
  }
  return gids
}

function parseId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined
  const id = Number(text)
  return id <= maxId ? id : undefined
}

/**
 * Account files as the union of `layers` (top-most first) shows them. Folders and files are opened without following links and without waiting
 * for a FIFO; whatever is not a plain file of moderate size counts as absent, so an image cannot point outside or hang a start.
 */
export async function readAccounts(layers: readonly string[]): Promise<AccountFiles> {
  const [passwd, group] = await Promise.all([readFirst(layers, 'passwd'), readFirst(layers, 'group')])
  return { passwd, group }
}

async function readFirst(layers: readonly string[], name: string): Promise<string> {
  for (const layer of layers) {
    const text = await readEtc(layer, name)
    if (text !== undefined) return text
  }
  return ''
}

/** undefined: this layer does not have it. '' : it has something there that hides what is below, and that is no plain file. */
async function readEtc(layer: string, name: string): Promise<string | undefined> {
  const folderFlags = constants.O_DIRECTORY | constants.O_NOFOLLOW
  let folder: FileHandle
  try {
    folder = await open(`${layer}/etc`, folderFlags)
  } catch (error) {
    return isAbsent(error) ? undefined : ''
  }
  try {
    return await readPlainFile(`/proc/self/fd/${folder.fd}/${name}`)
  } finally {
    await folder.close()
  }
}

async function readPlainFile(path: string): Promise<string | undefined> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    return isAbsent(error) ? undefined : ''
  }
  try {
    const stat = await file.stat()
    return stat.isFile() && stat.size <= maxFileBytes ? await file.readFile('utf8') : ''
  } finally {
    await file.close()
  }
}

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
