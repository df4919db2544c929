import { type TarItem, tar } from '../../support/tar-writer.ts'
import { type Case, file, folder, hardlink, holds, refused, symlink, testUnpacking } from './unpack-cases.ts'

const pax = (records: Record<string, string | Buffer>, item: TarItem): TarItem => ({ ...item, pax: records })
const raw = (flag: string, content: string): TarItem => ({ name: 'PaxHeaders/x', flag, content })
/** A GNU sparse file of format 1.0: its map is the beginning of its content. */
const sparse = (name: string, realSize: string, map: string, data = ''): TarItem =>
  pax(
    { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name, 'GNU.sparse.realsize': realSize },
    file(`GNUSparseFile.0/${name}`, map.padEnd(512, '\0') + data),
  )

/** Lies in the headers of a tar: two readers must not see two archives, and no number is believed. */
const cases = (): Case[] => [
  {
    name: 'pax: hard link that goes up',
    archive: [pax({ linkpath: '../../x' }, hardlink('l', 'ok'))],
    outcome: refused(/leaves the root|goes up/),
  },
  {
    name: 'pax: symlink anywhere is only text',
    archive: [pax({ linkpath: '/etc/shadow' }, symlink('l', 'ok'))],
    outcome: holds({ l: 'symlink /etc/shadow' }),
  },
  {
    name: 'pax: the last of two paths counts',
    archive: [raw('x', '10 path=a\n10 path=b\n'), file('c', 'x')],
    outcome: holds({ b: 'file x' }),
  },
  {
    name: 'pax: a path for all that goes up',
    archive: [raw('g', '16 path=../../x\n'), file('a', 'x'), file('b', 'y')],
    outcome: holds({ a: 'file x', b: 'file y' }),
  },
  {
    name: 'pax: record longer than its header',
    archive: [raw('x', '999999 path=a\n'), file('c', 'x')],
    outcome: holds({ c: 'file x' }),
  },
  {
    name: 'pax: record without a length',
    archive: [raw('x', 'path=a\n'), file('c', 'x')],
    outcome: holds({ c: 'file x' }),
  },
  {
    name: 'pax: record of length 0',
    archive: [raw('x', '0 path=a\n'), file('c', 'x')],
    outcome: holds({ c: 'file x' }),
  },
  { name: 'pax: negative size', archive: [pax({ size: '-1' }, file('c', 'x'))], outcome: refused(/malformed|size/) },
  {
    name: 'pax: size beyond 64 bits',
    archive: [pax({ size: '9'.repeat(40) }, file('c', 'x'))],
    outcome: refused(/malformed|limit|size/),
  },
  {
    name: 'pax: a size smaller than the header’s hides nothing',
    archive: [pax({ size: '1' }, file('c', 'x'.repeat(600))), file('d', 'y')],
    outcome: refused(/malformed/),
  },
  {
    name: 'pax: header of two mebibytes',
    archive: [raw('x', `2097172 comment=${'c'.repeat(2097172 - 17)}\n`), file('c', 'x')],
    outcome: refused(/malformed.*too large/),
  },
  {
    name: 'pax: time that is no number',
    archive: [pax({ mtime: 'yesterday' }, file('c', 'x'))],
    outcome: holds({ c: 'file x' }),
  },
  {
    name: 'pax: time before and after all times',
    archive: [pax({ mtime: '-99999999999999' }, file('a', 'x')), pax({ mtime: '99999999999999999' }, file('b', 'y'))],
    outcome: holds({ a: 'file x', b: 'file y' }),
  },
  { name: 'pax: nothing follows', archive: [file('a', 'x'), raw('x', '10 path=b\n')], outcome: refused(/malformed/) },
  {
    name: 'name with a NUL in it',
    archive: [pax({ path: Buffer.from('a\0../../x') }, file('c', 'x'))],
    outcome: holds({ a: 'file x' }),
  },
  {
    name: 'opaque for all below',
    archive: [pax({ 'SCHILY.xattr.trusted.overlay.opaque': 'y' }, folder('d'))],
    outcome: refused(/overlayfs/),
  },
  {
    name: 'attributes of overlayfs for users',
    archive: [pax({ 'SCHILY.xattr.user.overlay.redirect': '/etc' }, folder('d'))],
    outcome: refused(/overlayfs/),
  },
  {
    name: 'an attribute of a megabyte',
    archive: [pax({ 'SCHILY.xattr.user.big': 'x'.repeat(1 << 20) }, file('c', 'x'))],
    outcome: refused(/malformed.*too large/),
  },
  {
    name: 'sparse: a hole of an exbibyte',
    archive: [sparse('s', String(2 ** 60), '1\n0\n1\n', 'x')],
    outcome: refused(/limit|size|malformed/),
  },
  {
    name: 'sparse: data beyond the end',
    archive: [sparse('s', '10', '1\n1000000\n5\n', 'hello')],
    outcome: refused(/outside its size|malformed/),
  },
  {
    name: 'sparse: a map that goes backwards',
    archive: [sparse('s', '20', '2\n10\n5\n0\n5\n', 'helloworld')],
    outcome: holds({ s: `file world${'\0'.repeat(5)}hello${'\0'.repeat(5)}` }),
  },
  {
    name: 'sparse: a map without end',
    archive: [sparse('s', '20', `${'9'.repeat(18)}\n`)],
    outcome: refused(/malformed/),
  },
  {
    name: 'sparse: its own name goes up',
    archive: [sparse('../../s', '5', '1\n0\n5\n', 'hello')],
    outcome: refused(/goes up/),
  },
  {
    name: 'hard link to a whiteout',
    archive: [file('a', 'x'), hardlink('b', '.wh.a')],
    outcome: refused(/names nothing/),
  },
  {
    name: 'hard link that is a whiteout',
    archive: [file('a', 'x'), hardlink('.wh.a', 'a')],
    outcome: holds({ a: 'file x' }),
  },
  { name: 'whiteout that is a symlink', archive: [symlink('.wh.a', '/etc')], outcome: holds({ a: 'whiteout' }) },
  {
    name: 'opaque that is a folder, and what is in it',
    archive: [folder('d/.wh..wh..opq'), file('d/.wh..wh..opq/x', 'x')],
    outcome: holds({ d: 'folder' }),
  },
  { name: 'below a whiteout', archive: [file('.wh.d', ''), file('.wh.d/x', 'x')], outcome: refused(/.*/) },
  {
    name: 'something behind the end',
    archive: Buffer.concat([tar(file('a', 'x')), tar(file('b', 'y'))]),
    outcome: holds({ a: 'file x' }),
  },
  {
    name: 'a folder with content',
    archive: [{ ...folder('d'), content: 'x'.repeat(600) }, file('e', 'y')],
    outcome: refused(/malformed/),
  },
]

testUnpacking('hostile headers', cases)
