import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readJsonLines } from '../../../../cli/client/json-lines.ts'

test('values come out whole, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.string(), n: fc.integer() })),
      fc.integer({ min: 1, max: 9 }),
      async (values, size) => {
        const wire = Buffer.from(values.map(value => `${JSON.stringify(value)}\r\n`).join(''))
        const chunks: Buffer[] = []
        for (let at = 0; at < wire.length; at += size) chunks.push(wire.subarray(at, at + size))
        const read: unknown[] = []
        for await (const value of readJsonLines(toAsync(chunks))) read.push(value)
        assert.equal(JSON.stringify(read), JSON.stringify(values))
      },
    ),
    { numRuns: 50 },
  )
})

test('a last line without a newline counts', async () => {
  const read: unknown[] = []
  for await (const value of readJsonLines(toAsync([Buffer.from('{"a":1}\n{"a"'), Buffer.from(':2}')]))) read.push(value)
  assert.deepEqual(read, [{ a: 1 }, { a: 2 }])
})

async function* toAsync(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}
