import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatHeader, padding, parseHeader, parsePax } from '../../../../engine/images/tar/header.ts'
import { scanTar } from '../../../../engine/images/tar/scan.ts'
import { streamSource } from '../../../../engine/images/tar/source.ts'
import { type TarItem, tar } from '../../../support/tar-writer.ts'

async function* inPieces(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size)
}

async function scan(data: Buffer, pieceSize = data.length): Promise<[string, string, string][]> {
  const found: [string, string, string][] = []
  for await (const entry of scanTar(streamSource(inPieces(data, pieceSize)))) {
    const content: Buffer[] = []
    for await (const piece of entry.content()) content.push(piece)
    found.push([entry.name, entry.type, Buffer.concat(content).toString()])
  }
  return found
}

describe('tar', () => {
  const items: TarItem[] = [
    { name: 'a', content: 'x'.repeat(513) },
    { name: 'd/', flag: '5' },
    { name: 'l', flag: '2', link: 'a' },
    { name: 'short', content: 'pax', pax: { path: `${'p/'.repeat(120)}é` } },
    { name: '././@LongLink', flag: 'L', content: `${'g/'.repeat(120)}x\0` },
    { name: 'short', content: 'gnu' },
    { name: 'empty' },
  ]
  const expected = [
    ['a', 'file', 'x'.repeat(513)],
    ['d/', 'directory', ''],
    ['l', 'symlink', ''],
    [`${'p/'.repeat(120)}é`, 'file', 'pax'],
    [`${'g/'.repeat(120)}x`, 'file', 'gnu'],
    ['empty', 'file', ''],
  ]

  test('entries are the same whatever the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async size =>
        assert.deepEqual(await scan(tar(...items), size), expected),
      ),
      { numRuns: 30 },
    )
  })

  test('content that nobody reads is skipped', async () => {
    const names: string[] = []
    for await (const entry of scanTar(streamSource(inPieces(tar(...items), 700)))) names.push(entry.name)
    assert.deepEqual(
      names,
      expected.map(([name]) => name),
    )
  })

  test('damage is an error, never a wrong answer', async () => {
    const whole = tar({ name: 'a', content: 'x'.repeat(2000) })
    await assert.rejects(scan(whole.subarray(0, 1000)), { code: 'INVALID_ARGUMENT', message: /ends in the middle/ })
    await assert.rejects(scan(whole.subarray(0, 100)), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(scan(tar({ name: 'a', checksum: 0o1234 })), { message: /checksum/ })
    await assert.rejects(scan(tar({ name: 'a', size: Buffer.from('zzzz') })), { message: /size/ })
    await assert.rejects(scan(tar({ name: 'a', pax: { 'GNU.sparse.major': '1' } })), { message: /sparse/ })
  })

  test('random bytes are refused or end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async bytes => {
        await scan(Buffer.from(bytes)).catch((error: { code?: string }) => assert.equal(error.code, 'INVALID_ARGUMENT'))
      }),
    )
  })

  test('what is written is read, also beyond 8 GiB', () => {
    for (const size of [0, 511, 8 ** 11 - 1, 8 ** 11, 2 ** 45]) {
      const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: 0 }
      const expected = { name: 'blobs/x', size, flag: '0', linkName: '', attributes }
      assert.deepEqual(parseHeader(formatHeader('blobs/x', size)), expected)
    }
    assert.equal(padding(512).length, 0)
    assert.equal(padding(1).length, 511)
  })

  test('pax records', () => {
    const records = [
      ['path', 'ab'],
      ['x', 'a=b'],
    ]
    assert.deepEqual([...parsePax(Buffer.from('11 path=ab\n8 x=a=b\n'))], records)
    for (const bad of ['x', '5 a=b', '99 path=x\n', '-1 a=b\n', '7 path\n']) {
      assert.throws(() => parsePax(Buffer.from(bad)), /pax/, bad)
    }
  })
})
