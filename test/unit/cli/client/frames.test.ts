import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFrameDecoder } from '../../../../cli/client/frames.ts'

const frame = fc.record({ kind: fc.constantFrom(1, 2), data: fc.uint8Array({ maxLength: 40 }) })

/** The bytes in pieces whose sizes are `cuts`, repeated. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
    const size = cuts[turn % cuts.length] ?? 1
    chunks.push(bytes.subarray(offset, offset + size))
    offset += size
  }
  return chunks
}

test('any chunking of multiplexed frames gives each stream its own bytes, in order', () => {
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (frames, cuts) => {
      const wire = Buffer.concat(
        frames.flatMap(({ kind, data }) => {
          const header = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0])
          header.writeUInt32BE(data.length, 4)
          return [header, Buffer.from(data)]
        }),
      )
      const decode = createFrameDecoder()
      const chunks = cut(wire, cuts).flatMap(decode)
      const written = frames.flatMap(({ kind, data }) =>
        [...data].map(byte => `${kind === 1 ? 'stdout' : 'stderr'}:${byte}`),
      )
      assert.deepEqual(
        chunks.flatMap(({ stream, data }) => [...data].map(byte => `${stream}:${byte}`)),
        written,
      )
    }),
  )
})

test('bytes that are no frame header are refused and not shown as output', () => {
  assert.throws(() => createFrameDecoder()(Buffer.from('plain text of a terminal')), /frame header/)
  assert.throws(() => createFrameDecoder()(Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 65])), /frame header/)
})
