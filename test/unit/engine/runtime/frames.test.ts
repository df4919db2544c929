import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, FrameDecoder } from '../../../../engine/runtime/frames.ts'

test('messages survive any chunking', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue().map(value => ({ value }))),
      fc.array(fc.nat(40), { minLength: 1 }),
      (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(encodeFrame))
        const decoder = new FrameDecoder()
        const found: unknown[] = []
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const length = 1 + (cuts[cut % cuts.length] ?? 0)
          decoder.push(bytes.subarray(at, at + length))
          at += length
          for (let message = decoder.next(); message !== undefined; message = decoder.next()) found.push(message)
        }
        assert.deepEqual(
          found,
          messages.map(it => JSON.parse(JSON.stringify(it))),
        )
        assert.equal(decoder.takeRest().length, 0)
      },
    ),
  )
})

test('bytes behind the last frame are kept for whoever takes the connection', () => {
  const decoder = new FrameDecoder()
  decoder.push(Buffer.concat([encodeFrame({ id: 1, ok: {} }), Buffer.from('raw')]))
  assert.deepEqual(decoder.next(), { id: 1, ok: {} })
  assert.equal(decoder.takeRest().toString(), 'raw')
})

test('a length over the limit is refused before anything is collected', () => {
  const decoder = new FrameDecoder()
  decoder.push(Buffer.from([0xff, 0xff, 0xff, 0xff]))
  assert.throws(() => decoder.next(), /over the limit/)
})
