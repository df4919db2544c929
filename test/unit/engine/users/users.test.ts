import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { autoCount, defaultPool, IdRanges } from '../../../../engine/users/id-ranges.ts'
import { type HostAccounts, userNamespaces } from '../../../../engine/users/remap.ts'
import { parseSubordinate, toIdMappings } from '../../../../engine/users/subordinate.ts'

const accounts: HostAccounts = {
  passwd: 'root:x:0:0::/:/bin/sh\nweb:x:1001:1002::/:/bin/sh\n',
  group: 'root:x:0:\nweb:x:1002:\nstaff:x:50:\n',
  subuid: 'web:200000:1000\nweb:300000:64536\n',
  subgid: 'web:400000:65536\nstaff:500000:65536\n',
}

const range = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size })

test('lines of /etc/subuid: well-formed ones count, others say nothing', () => {
  const text = 'a:1:2\n#c:1:2\n\nb:x:2\nc:5:0\n1000:7:8\nd:1:2:3\n'
  assert.deepEqual(parseSubordinate(text), [
    { owner: 'a', first: 1, count: 2 },
    { owner: '1000', first: 7, count: 8 },
  ])
})

test('ranges follow one another in the order of the file; lines by number come before lines by name', () => {
  const ranges = parseSubordinate('web:9:1\n1001:300:10\n1001:100:5\n')
  assert.deepEqual(toIdMappings(ranges, { id: 1001, name: 'web' }), [range(0, 300, 10), range(10, 100, 5)])
  assert.deepEqual(toIdMappings(ranges, { id: 7, name: 'web' }), [range(0, 9, 1)])
})

test('userns-remap: a user, user and group, their numbers; nothing and "host" are none', () => {
  const uid = [range(0, 200_000, 1000), range(1000, 300_000, 64_536)]
  const own = { uid, gid: [range(0, 400_000, 65_536)] }
  assert.deepEqual(userNamespaces('web', accounts).remap, own)
  assert.deepEqual(userNamespaces('1001:1002', accounts).remap, own)
  assert.deepEqual(userNamespaces('web:staff', accounts).remap, { uid, gid: [range(0, 500_000, 65_536)] })
  assert.equal(userNamespaces(undefined, accounts).remap, undefined)
  assert.equal(userNamespaces('host', accounts).remap, undefined)
})

test('userns-remap: default has the ids of dockremap, or else the same ones at every start', () => {
  const line = 'dockremap:231072:65536\n'
  const map = [range(0, 231_072, 65_536)]
  const given = userNamespaces('default', { ...accounts, subuid: line, subgid: line })
  assert.deepEqual(given.remap, { uid: map, gid: map })
  const [uid] = userNamespaces('default', accounts).remap?.uid ?? []
  assert.deepEqual(uid, range(0, defaultPool.first - autoCount, autoCount))
})

test('userns-remap: what cannot be is told with its reason', () => {
  const refused = (text: string, message: RegExp) => assert.throws(() => userNamespaces(text, accounts), message)
  refused('nobody', /there is no user nobody in \/etc\/passwd/)
  refused('web:nogroup', /there is no group nogroup/)
  refused('root', /no subuid ranges found for user "root"/)
  refused('a:b:c', /expected "default", user, user:group/)
  refused(':web', /expected "default"/)
})

test('auto: ranges of the user berth when there are some, around what others have', () => {
  const own = 'berth:1000:150000\nother:2000:1000\n'
  const { ranges } = userNamespaces(undefined, { ...accounts, subuid: own, subgid: own })
  assert.equal(ranges.allocate('a').first, 3000)
  assert.equal(ranges.allocate('b').first, 3000 + autoCount)
  assert.throws(() => ranges.allocate('c'), /no range of 65536/)
  ranges.release('a')
  assert.equal(ranges.allocate('c').first, 3000)
})

test('auto: no two containers overlap, whatever comes and goes, and what is on record is never given out', () => {
  const step = fc.record({
    owner: fc.integer({ min: 0, max: 9 }),
    adds: fc.boolean(),
    count: fc.integer({ min: 1, max: 500 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const ranges = new IdRanges([{ first: 1000, count: 4000 }], [{ first: 1500, count: 100 }])
      const held = new Map<string, { first: number; count: number }>([['kept', { first: 3000, count: 300 }]])
      ranges.hold('kept', [range(0, 3000, 300)])
      for (const { owner, adds, count } of steps) {
        const name = String(owner)
        ranges.release(name)
        held.delete(name)
        if (!adds) continue
        try {
          held.set(name, ranges.allocate(name, count))
        } catch {
          continue
        }
        const all = [...held.values(), { first: 1500, count: 100 }].sort((a, b) => a.first - b.first)
        for (const [i, one] of all.entries()) {
          const next = all[i + 1]
          assert.ok(one.first >= 1000 && one.first + one.count <= 5000)
          assert.ok(next === undefined || one.first + one.count <= next.first)
        }
      }
    }),
  )
})
