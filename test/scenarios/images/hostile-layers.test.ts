import { gzipSync } from 'node:zlib'
import { tar, tarItem } from '../../support/tar-writer.ts'
import { type Case, file, folder, hardlink, holds, refused, symlink, testUnpacking, up } from './unpack-cases.ts'

/** A zstd frame by hand (RFC 8878): the content as it is, then so many blocks of 128 KiB of zeros at 4 bytes each. */
function zstdFrame(content: Buffer, zeroBlocks: number): Buffer {
  const header = (last: boolean, type: number, size: number) => {
    const bytes = Buffer.alloc(3)
    bytes.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3)
    return bytes
  }
  const zeros = Buffer.concat([header(false, 1, 128 * 1024), Buffer.alloc(1)])
  return Buffer.concat([
    Buffer.from('28b52ffd0050', 'hex'),
    header(false, 0, content.length),
    content,
    ...Array.from({ length: zeroBlocks }, () => zeros),
    header(true, 0, 0),
  ])
}

/** `%` stands for the victim's path. */
const cases = (victim: string): Case[] => [
  { name: 'goes up', archive: [file(`${up}${victim}/new`)], outcome: refused(/goes up/) },
  {
    name: 'goes up in the middle',
    archive: [folder('a'), file('a/../../x')],
    outcome: refused(/"a\/\.\.\/\.\.\/x": .*goes up/),
  },
  { name: 'goes up at the end', archive: [folder('a/..')], outcome: refused(/goes up/) },
  {
    name: 'absolute name',
    archive: [file(`${victim}/new`)],
    outcome: holds({ [`${victim}/new`.slice(1)]: 'file evil' }),
  },
  {
    name: 'pax path goes up',
    archive: [{ ...file('ok'), pax: { path: '../../escape' } }],
    outcome: refused(/goes up/),
  },
  {
    name: 'long name goes up',
    archive: [{ name: '././@LongLink', flag: 'L', content: `../${'x'.repeat(150)}\0` }, file('short')],
    outcome: refused(/goes up/),
  },
  {
    name: 'absolute symlink, then through it',
    archive: [symlink('out', victim), file('out/secret')],
    outcome: refused(/out\/secret/),
  },
  {
    name: 'relative symlink up, then through it',
    archive: [symlink('out', `${up}${victim}`), file('out/secret')],
    outcome: refused(/out\/secret/),
  },
  {
    name: 'symlink chain',
    archive: [symlink('a', 'b'), symlink('b', victim), file('a/secret')],
    outcome: refused(/a\/secret/),
  },
  { name: 'symlink loop', archive: [symlink('a', 'b'), symlink('b', 'a'), file('a/x')], outcome: refused(/a\/x/) },
  {
    name: 'symlink inside the layer is followed',
    archive: [folder('usr/lib'), symlink('lib', 'usr/lib'), file('lib/x', 'in')],
    outcome: holds({ 'usr/lib/x': 'file in' }),
  },
  {
    name: 'absolute symlink stays inside',
    archive: [folder('etc'), symlink('e', '/etc'), file('e/passwd', 'in')],
    outcome: holds({ 'etc/passwd': 'file in' }),
  },
  {
    name: 'overwrites through a symlink',
    archive: [symlink('f', `${victim}/secret`), file('f')],
    outcome: holds({ f: 'file evil' }),
  },
  {
    name: 'folder over a symlink',
    archive: [symlink('d', victim), folder('d'), file('d/x')],
    outcome: holds({ 'd/x': 'file evil' }),
  },
  {
    name: 'symlink swapped under a folder',
    archive: [folder('d'), file('d/a'), symlink('d', victim), file('d/secret')],
    outcome: refused(/d\/secret/),
  },
  {
    name: 'proc in a symlink',
    archive: [symlink('p', '/proc/self/root'), file(`p${victim}/new`)],
    outcome: refused(/no folder|not a folder|p\//),
  },
  {
    name: 'hard link to an absolute path',
    archive: [hardlink('h', `${victim}/secret`)],
    outcome: refused(/hard link/),
  },
  { name: 'hard link that goes up', archive: [hardlink('h', `${up}${victim}/secret`)], outcome: refused(/hard link/) },
  {
    name: 'hard link through a symlink',
    archive: [symlink('s', victim), hardlink('h', 's/secret')],
    outcome: refused(/hard link/),
  },
  {
    name: 'hard link to a symlink, then written',
    archive: [symlink('s', `${victim}/secret`), hardlink('h', 's'), file('h')],
    outcome: holds({ h: 'file evil' }),
  },
  { name: 'hard link to itself', archive: [file('a'), hardlink('a', 'a')], outcome: refused(/itself/) },
  { name: 'hard link to a folder', archive: [folder('d'), hardlink('h', 'd')], outcome: refused(/hard link/) },
  { name: 'hard link to nothing', archive: [hardlink('h', 'absent')], outcome: refused(/no file of this layer/) },
  {
    name: 'whiteout through a symlink',
    archive: [symlink('out', victim), file('out/.wh.secret', '')],
    outcome: refused(/out|secret/),
  },
  { name: 'whiteout of the parent', archive: [file('a/.wh...', '')], outcome: refused(/whiteout/) },
  { name: 'whiteout of itself', archive: [file('a/.wh..', '')], outcome: refused(/whiteout/) },
  { name: 'whiteout of nothing', archive: [file('a/.wh.', '')], outcome: refused(/whiteout/) },
  {
    name: 'opaque through a symlink',
    archive: [symlink('out', victim), file('out/.wh..wh..opq', '')],
    outcome: refused(/out/),
  },
  { name: 'whiteout', archive: [folder('a'), file('a/.wh.b', '')], outcome: holds({ 'a/b': 'whiteout' }) },
  {
    name: 'AUFS bookkeeping',
    archive: [file('.wh..wh.plnk/1.2', ''), file('a', 'x')],
    outcome: holds({ a: 'file x' }),
  },
  {
    name: 'steers overlayfs',
    archive: [{ ...folder('d'), pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc' } }],
    outcome: refused(/overlayfs/),
  },
  {
    name: 'device node',
    archive: [{ name: 'sda', flag: '4', major: 8, minor: 0, mode: 0o666 }],
    outcome: holds({ sda: 'block' }),
  },
  { name: 'setuid survives', archive: [file('su', 'x', { mode: 0o4755 })], outcome: holds({ su: 'file x' }) },
  { name: 'file as a folder', archive: [file('a'), file('a/b')], outcome: refused(/a\/b/) },
  { name: 'root as a file', archive: [file('.')], outcome: refused(/root|folder/) },
  { name: 'no name', archive: [{ ...file(''), pax: { path: '' } }], outcome: refused(/name|malformed/) },
  { name: 'component too long', archive: [{ ...file('x'), pax: { path: 'n'.repeat(300) } }], outcome: refused(/255/) },
  {
    name: 'path too long',
    archive: [{ ...file('x'), pax: { path: 'n/'.repeat(3000) } }],
    outcome: refused(/4095|malformed/),
  },
  {
    name: 'name is not UTF-8',
    archive: [file('x', 'raw', { name: Buffer.from([0xff, 0xfe, 0x41]) })],
    outcome: holds({ '\\xff\\xfeA': 'file raw' }),
  },
  {
    name: 'control characters are escaped in the message',
    archive: [file('a\x1b[31m/../x')],
    outcome: refused(/a\\x1b\[31m/),
  },
  {
    name: 'owner -1',
    archive: [file('x', 'x', { uid: 0o7777777 }), { ...file('y'), pax: { uid: '4294967295' } }],
    outcome: refused(/owner/),
  },
  {
    name: 'declares a petabyte',
    archive: [{ ...file('big'), pax: { size: String(2 ** 50) } }],
    outcome: refused(/limit/),
  },
  {
    name: 'negative size',
    archive: [file('neg', '', { size: Buffer.from('ffffffffffffffffffffffff', 'hex') })],
    outcome: refused(/size|malformed|limit/),
  },
  {
    name: 'truncated content',
    archive: tar(file('x', 'y'.repeat(4000))).subarray(0, 2000),
    outcome: refused(/malformed|truncated/i),
  },
  { name: 'truncated header', archive: tarItem(file('x')).subarray(0, 300), outcome: refused(/malformed/) },
  { name: 'wrong checksum', archive: [file('x', 'y', { checksum: 1 })], outcome: refused(/malformed/) },
  { name: 'garbage', archive: Buffer.from('this is no archive'.repeat(100)), outcome: refused(/malformed/) },
  { name: 'nothing', archive: Buffer.alloc(0), outcome: refused(/empty/) },
  {
    name: 'gzip bomb',
    archive: gzipSync(Buffer.concat([tarItem(file('z', Buffer.alloc(64 << 20).toString('latin1')))])),
    outcome: refused(/limit/),
  },
  {
    name: 'gzip bomb behind the end',
    archive: gzipSync(Buffer.concat([tar(file('x')), Buffer.alloc(64 << 20)])),
    outcome: refused(/longer than the limit/),
  },
  {
    name: 'zstd bomb behind the end',
    archive: zstdFrame(tar(file('x')), 1024),
    outcome: refused(/longer than the limit/),
  },
  { name: 'zstd of a layer', archive: zstdFrame(tar(file('x', 'plain')), 0), outcome: holds({ x: 'file plain' }) },
  { name: 'broken zstd', archive: zstdFrame(tar(file('x')), 0).subarray(0, 700), outcome: refused(/malformed/) },
  {
    name: 'zstd that wants a window of 2 TiB',
    archive: Buffer.concat([Buffer.from('28b52ffd00f8', 'hex'), zstdFrame(tar(file('x')), 0).subarray(6)]),
    outcome: refused(/malformed/),
  },
  { name: 'gzip in gzip', archive: gzipSync(gzipSync(tar(file('x')))), outcome: refused(/more than once/) },
  {
    name: 'broken gzip',
    archive: gzipSync(tar(file('x', 'y'.repeat(5000)))).subarray(0, 60),
    outcome: refused(/malformed/),
  },
  {
    name: 'too many entries',
    archive: Array.from({ length: 2001 }, (_, i) => file(`f${i}`, '')),
    outcome: refused(/entries/),
  },
  {
    name: 'duplicates: the last wins',
    archive: [file('x', 'one'), folder('x'), file('x', 'three')],
    outcome: holds({ x: 'file three' }),
  },
  {
    name: 'folder tree replaced by a file',
    archive: [folder('d/e/f'), file('d/e/f/g'), file('d', 'x')],
    outcome: holds({ d: 'file x' }),
  },
  { name: 'unknown type', archive: [{ name: 'q', flag: 'Q', content: 'x' }], outcome: holds({ q: 'file x' }) },
]

/** Layers that want out, or want too much. */
testUnpacking('hostile layers', cases)
