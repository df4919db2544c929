import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEntries } from '../../engine/build/tar/read-entries.ts'
import { bzip2, gzip, xz, zstd } from './compress.ts'
import { busyboxLayer, dockerArchive } from './image-archive.ts'
import { type TarItem, tar } from './tar-writer.ts'

const applets =
  'cat chmod chown cp cut df env grep id ln ls mkdir mkfifo mount mv pwd rm rmdir sed sort stat tail test touch tr wc echo [ sleep true false'.split(
    ' ',
  )

/** A file capability (cap_net_bind_service=ep) as the kernel keeps it. */
const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex')

/** What the cases are built on: busybox, accounts, a folder for everybody, extended attributes. */
export const corpusBase = (name: string): Buffer =>
  dockerArchive(
    [
      busyboxLayer(),
      tar(
        ...applets.map((applet): TarItem => ({ name: `bin/${applet}`, flag: '2', link: 'busybox', mode: 0o777 })),
        { name: 'etc', flag: '5' },
        { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:44:web:/srv/web:/bin/sh\n' },
        { name: 'etc/group', content: 'root:x:0:\nwww:x:44:\ngrp:x:55:web\n' },
        { name: 'etc/motd', content: 'hello\n' },
        { name: 'etc/attr', content: 'attr\n', pax: { 'SCHILY.xattr.user.kind': 'test' } },
        { name: 'bin/withcap', content: 'cap\n', mode: 0o755, pax: { 'SCHILY.xattr.security.capability': capability } },
        // A RUN of BuildKit leaves these where they were missing.
        ...['dev', 'proc', 'sys'].map((name): TarItem => ({ name, flag: '5' })),
        { name: 'root', flag: '5', mode: 0o700 },
        { name: 'tmp', flag: '5', mode: 0o1777 },
      ),
    ],
    [name],
  )

const inner = tar(
  { name: 'x', flag: '5', mode: 0o750, uid: 7, gid: 8 },
  { name: 'x/y', content: 'y\n', uid: 7, gid: 8, mode: 0o4755, pax: { 'SCHILY.xattr.user.kind': 'test' } },
)

/** The files that every case may copy. */
function contextItems(): TarItem[] {
  return [
    { name: 'a.txt', content: 'a\n', mode: 0o640, uid: 5, gid: 6 },
    { name: 'b.txt', content: 'b\n' },
    { name: 'sp ace.txt', content: 'space\n' },
    { name: 'od[d.txt', content: 'odd\n' },
    { name: 'd', flag: '5', mode: 0o750, uid: 5 },
    { name: 'd/in.txt', content: 'in\n' },
    { name: 'd/sub', flag: '5' },
    { name: 'd/sub/deep', content: 'deep\n', mode: 0o755 },
    { name: 'd/link', flag: '2', link: 'in.txt' },
    { name: 'wild', flag: '5' },
    { name: 'wild/one', flag: '5', mode: 0o700 },
    { name: 'wild/one/f1', content: '1\n' },
    { name: 'wild/two', flag: '5' },
    { name: 'wild/two/f2', content: '2\n' },
    { name: 'wild/file', content: 'file\n' },
    { name: 'tolink', flag: '2', link: 'd/in.txt' },
    { name: 'todir', flag: '2', link: 'd' },
    { name: 'links', flag: '5' },
    { name: 'links/out', flag: '2', link: '../../../etc/passwd' },
    { name: 'links/abs', flag: '2', link: '/etc/hostname' },
    { name: 'links/broken', flag: '2', link: 'nowhere' },
    { name: 'hard', flag: '5' },
    { name: 'hard/one', content: 'hard\n' },
    { name: 'hard/two', flag: '1', link: 'hard/one' },
    { name: 'modes', flag: '5', mode: 0o1777 },
    { name: 'modes/setuid', content: 's\n', mode: 0o4755 },
    { name: 'modes/setgid', content: 'g\n', mode: 0o2711 },
    { name: 'modes/none', content: 'n\n', mode: 0 },
    { name: 'empty', flag: '5', mode: 0o711 },
    { name: 'odd', flag: '5' },
    { name: 'odd/-dash', content: '-\n' },
    { name: 'odd/new\nline', content: 'n\n' },
    { name: 'odd/ümläut ☃', content: 'u\n' },
    { name: 'odd/#hash', content: 'h\n' },
    { name: `odd/${'l'.repeat(200)}`, content: 'l\n' },
    { name: 'arc.tar', content: inner },
    { name: 'arc.tar.gz', content: gzip(inner) },
    { name: 'arc.tar.bz2', content: bzip2(inner) },
    { name: 'arc.tar.xz', content: xz(inner) },
    { name: 'arc.tar.zst', content: zstd(inner) },
    { name: 'plain.gz', content: gzip(Buffer.from('no archive\n')) },
    {
      name: 'links.tar',
      content: tar(
        { name: 'f', content: 'f\n' },
        { name: 'h', flag: '1', link: 'f' },
        { name: 's', flag: '2', link: '../etc/passwd' },
        { name: 'p', flag: '6' },
      ),
    },
    {
      name: 'over.tar',
      content: tar(
        { name: './', flag: '5', mode: 0o700, uid: 3 },
        { name: 'x', content: 'new\n' },
        { name: 'y/z', content: 'z\n' },
      ),
    },
  ]
}

/** A folder with the corpus's context and a case's own files. */
export function makeContext(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-corpus-'))
  const archive = join(folder, 'all.tar')
  const context = join(folder, 'context')
  mkdirSync(context)
  const items = contextItems().map(item =>
    Buffer.byteLength(String(item.name)) > 100 ? { ...item, pax: { path: String(item.name) }, name: 'long' } : item,
  )
  writeFileSync(archive, tar(...items))
  execFileSync('tar', ['-C', context, '-xpf', archive])
  for (const [name, content] of Object.entries(files)) writeFileSync(join(context, name), content)
  return folder
}

/** Lines `type mode uid:gid path …` of a tar: short content as it is, other as a digest. */
export async function listTar(stream: AsyncIterable<Buffer>): Promise<string[]> {
  const lines: string[] = []
  for await (const { entry, content } of readEntries(stream)) {
    const name = Buffer.from(entry.name.replace(/^\.?\//, '').replace(/\/$/, ''), 'latin1').toString('utf8')
    if (name === '' || name === '.') continue
    const kind = kinds[entry.flag] ?? entry.flag
    const mode = entry.mode.toString(8).padStart(4, '0')
    const pieces: Buffer[] = []
    if (entry.flag === '0') for await (const piece of content) pieces.push(piece)
    const attributes = [...entry.attributes]
      .filter(([key]) => key.startsWith('SCHILY.xattr.'))
      .map(([key, value]) => ` {${key.slice(13)}=${Buffer.from(value, 'latin1').toString('base64')}}`)
    const what =
      entry.flag === '0'
        ? ` ${contentText(Buffer.concat(pieces))}`
        : entry.linkName === ''
          ? ''
          : ` -> ${entry.linkName.replace(/^\//, entry.flag === '1' ? '' : '/')}`
    lines.push(
      `${kind} ${entry.flag === '2' ? '----' : mode} ${entry.uid}:${entry.gid} ${JSON.stringify(`/${name}`)}${what}${attributes.sort().join('')}`,
    )
  }
  return lines.sort((left, right) => (pathOf(left) < pathOf(right) ? -1 : 1))
}

const kinds: Readonly<Record<string, string>> = {
  0: 'file',
  1: 'hard',
  2: 'link',
  3: 'char',
  4: 'block',
  5: 'dir ',
  6: 'pipe',
}
const pathOf = (line: string): string => line.slice(line.indexOf('"'))

function contentText(content: Buffer): string {
  const text = content.toString('utf8')
  const isShort = content.length <= 1500 && !text.includes('\uFFFD')
  return isShort ? JSON.stringify(text) : createHash('sha256').update(content).digest('hex').slice(0, 12)
}

/** What a tree has over another: its own lines, and with a minus the paths that are gone. */
export function beyond(base: readonly string[], tree: readonly string[]): string[] {
  const paths = new Set(tree.map(line => /"(?:[^"\\]|\\.)*"/.exec(line)?.[0]))
  const old = new Set(base)
  return [
    ...tree.filter(line => !old.has(line)),
    ...base
      .map(line => /"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? '')
      .flatMap(path => (paths.has(path) ? [] : [`gone ${path}`])),
  ]
}

/** Members that say something, in order. */
export function configLines(config: object | undefined, author: string | undefined): string[] {
  const members = Object.entries({ ...config, Author: author }).filter(
    ([name, value]) => shown.has(name) && !isEmpty(value),
  )
  return members
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: ${JSON.stringify(sorted(value))}`)
}

const shown = new Set(
  'Author Cmd Entrypoint Env ExposedPorts Healthcheck Labels OnBuild Shell StopSignal User Volumes WorkingDir'.split(
    ' ',
  ),
)
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)
const sorted = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
