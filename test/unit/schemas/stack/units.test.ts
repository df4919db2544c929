import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseBytes } from '../../../../schemas/stack/bytes.ts'
import { durationMs, formatDuration, parseDuration } from '../../../../schemas/stack/duration.ts'

test('durations are read and printed as Go does', () => {
  for (const [text, printed] of [
    ['90s', '1m30s'],
    ['1w2h', '170h0m0s'],
    ['1.5h', '1h30m0s'],
    ['1d', '24h0m0s'],
    ['100us', '100µs'],
    ['1.5s', '1.5s'],
    ['500ms', '500ms'],
    ['0', '0s'],
    ['-1m', '-1m0s'],
  ] as const) {
    const result = parseDuration(text)
    assert.equal(result.ok && formatDuration(result.ns), printed, text)
  }
  assert.equal(durationMs('1m30.25s'), 90250)
})

test('durations without a unit, with a wrong one or with nothing are refused with the reason', () => {
  for (const [text, why] of [
    ['90', /has no unit/],
    ['5 parsecs', /" parsecs" in .* is not a unit/],
    ['', /empty/],
    ['s', /not a duration/],
    ['1constructor', /not a unit/],
  ] as const) {
    const result = parseDuration(text)
    assert.match(result.ok ? 'accepted' : result.message, why, text)
  }
})

test('a printed duration reads back as itself', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 17n), 10n ** 17n), ns => {
      const result = parseDuration(formatDuration(ns))
      assert.equal(result.ok && result.ns, ns)
    }),
  )
})

test('sizes are powers of 1024 with any of the usual suffixes', () => {
  for (const [text, bytes] of [
    ['64m', 67108864],
    ['64MB', 67108864],
    ['64MiB', 67108864],
    ['1.5g', 1610612736],
    ['512', 512],
    ['10b', 10],
    ['1 k', 1024],
    [65536, 65536],
    ['1e3', 1000],
  ] as const) {
    const result = parseBytes(text)
    assert.equal(result.ok && result.bytes, bytes, String(text))
  }
  for (const text of ['1x', '-1', 'g', '1ki', '', '99999999999999p']) assert.equal(parseBytes(text).ok, false, text)
})
