import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { recover } from '../../../../engine/store/recover.ts'
import { Store } from '../../../../engine/store/store.ts'

interface Item {
  readonly value: number | string
}

const root = mkdtempSync(join(tmpdir(), 'berth-store-'))
after(() => rmSync(root, { recursive: true, force: true }))
let count = 0
const newFolder = (): string => join(root, String(++count))
const journalOf = (folder: string): string => {
  const name = readdirSync(folder).find(it => it.startsWith('journal-'))
  return join(folder, name ?? '')
}

test('what was put is there again after a close, deletions too', async () => {
  const folder = newFolder()
  const first = await Store.open(folder)
  const items = first.collection<Item>('items')
  await Promise.all([
    items.put('a', { value: 1 }),
    items.put('b', { value: 'zwei\nlines' }),
    items.put('c', { value: 3 }),
  ])
  await items.delete('a')
  await first.close()
  const second = await Store.open(folder)
  assert.deepEqual(second.collection<Item>('items').list(), [{ value: 'zwei\nlines' }, { value: 3 }])
  await second.close()
})

test('a crash at any byte of the journal loses nothing that was acknowledged, and invents nothing', async () => {
  const folder = newFolder()
  const store = await Store.open(folder)
  const items = store.collection<Item>('items')
  const acknowledged: { readonly bytes: number; readonly values: unknown[] }[] = []
  for (let step = 0; step < 12; step++) {
    if (step % 4 === 3) await items.delete(`k${step - 1}`)
    else await items.put(`k${step}`, { value: step })
    acknowledged.push({ bytes: readFileSync(journalOf(folder)).length, values: items.list() })
  }
  const journal = readFileSync(journalOf(folder))
  await store.close()
  // A line is whole without its newline, which is then what was cut off.
  for (let length = 0; length <= journal.length; length++) {
    writeFileSync(journalOf(folder), journal.subarray(0, length))
    const { collections } = await recover(folder)
    const found = [...(collections.get('items')?.values() ?? [])]
    const expected = acknowledged.filter(it => it.bytes - 1 <= length).at(-1)?.values ?? []
    assert.deepEqual(found, expected, `cut at byte ${length}`)
  }
})

test('a flipped bit costs the line that it is in and no other', async () => {
  const folder = newFolder()
  const store = await Store.open(folder)
  const items = store.collection<Item>('items')
  for (const key of ['a', 'b', 'c']) await items.put(key, { value: key })
  await store.close()
  const journal = readFileSync(journalOf(folder))
  const lines = journal.toString('latin1').split('\n')
  const from = lines.slice(0, 2).join('\n').length + 1
  for (let bit = 0; bit < 8 * (lines[2]?.length ?? 0); bit += 5) {
    const damaged = Buffer.from(journal)
    const index = from + Math.floor(bit / 8)
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (bit % 8))
    writeFileSync(journalOf(folder), damaged)
    const { collections, damaged: reported } = await recover(folder)
    assert.deepEqual([...(collections.get('items')?.keys() ?? [])], ['a', 'c'], `bit ${bit}`)
    assert.ok(reported.length >= 1)
  }
})

test('the store goes on after a torn write: the next daemon writes to a fresh journal', async () => {
  const folder = newFolder()
  const first = await Store.open(folder)
  await first.collection<Item>('items').put('a', { value: 1 })
  await first.close()
  writeFileSync(journalOf(folder), '0000 torn', { flag: 'a' })
  const second = await Store.open(folder)
  assert.equal(second.damaged.length, 1)
  await second.collection<Item>('items').put('b', { value: 2 })
  await second.close()
  const third = await Store.open(folder)
  assert.deepEqual(third.collection<Item>('items').keys(), ['a', 'b'])
  assert.equal(third.damaged.length, 0)
  await third.close()
})

test('a newer schema is refused with a message that says so', async () => {
  const folder = newFolder()
  const store = await Store.open(folder)
  await store.close()
  const { encodeLine } = await import('../../../../engine/store/line.ts')
  writeFileSync(journalOf(folder), encodeLine({ format: 'berth-store', schema: 99 }))
  await assert.rejects(Store.open(folder), /has version 99; this berthd knows up to/)
  await assert.rejects(Store.open(folder), /has version 99/, 'the lock was given back')
})

test('one daemon at a time', async () => {
  const folder = newFolder()
  const store = await Store.open(folder)
  await assert.rejects(Store.open(folder), { code: 'CONFLICT' })
  await store.close()
  await (await Store.open(folder)).close()
})

test('a lock of a process that is gone is taken over', async () => {
  const folder = newFolder()
  await (await Store.open(folder)).close()
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, startTime: '1', bootId: 'another boot' }))
  await (await Store.open(folder)).close()
  writeFileSync(join(folder, 'lock'), 'half a fi')
  await (await Store.open(folder)).close()
})

test('any sequence of changes, with restarts in between, is what a plain map would hold', async () => {
  const step = fc.oneof(
    fc.record({
      op: fc.constant('put' as const),
      key: fc.constantFrom('a', 'b', 'c', '__proto__'),
      value: fc.integer(),
    }),
    fc.record({
      op: fc.constant('delete' as const),
      key: fc.constantFrom('a', 'b', 'c', '__proto__'),
      value: fc.constant(0),
    }),
    fc.record({ op: fc.constant('reopen' as const), key: fc.constant(''), value: fc.constant(0) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
      const folder = newFolder()
      const model = new Map<string, number>()
      let store = await Store.open(folder)
      for (const { op, key, value } of [...steps, { op: 'reopen' as const, key: '', value: 0 }]) {
        if (op === 'reopen') {
          await store.close()
          store = await Store.open(folder)
        } else if (op === 'put') {
          model.set(key, value)
          await store.collection<Item>('items').put(key, { value })
        } else {
          model.delete(key)
          await store.collection<Item>('items').delete(key)
        }
      }
      const items = store.collection<Item>('items')
      assert.deepEqual(new Map(items.keys().map(key => [key, items.get(key)?.value])), model)
      await store.close()
    }),
    { numRuns: 30 },
  )
})
