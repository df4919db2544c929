import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binarySize, decimalSize, elapsed } from '../../../../cli/ui/human.ts'
import { nearest } from '../../../../cli/ui/nearest.ts'
import { sanitize, sanitizeLine } from '../../../../cli/ui/sanitize.ts'
import { createStyle } from '../../../../cli/ui/style.ts'
import { parseTimestamp } from '../../../../cli/ui/timestamp.ts'
import { displayWidth, truncate } from '../../../../cli/ui/width.ts'
import { humanDuration } from '../../../../schemas/human-duration.ts'

test('durations are said as docker says them', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, 'Less than a second'],
    [1_000, '1 second'],
    [59_900, '59 seconds'],
    [60_000, 'About a minute'],
    [119_999, 'About a minute'],
    [45 * 60_000, '45 minutes'],
    [61 * 60_000, 'About an hour'],
    [47 * 3_600_000, '47 hours'],
    [3 * 86_400_000, '3 days'],
    [15 * 86_400_000, '2 weeks'],
    [90 * 86_400_000, '3 months'],
    [800 * 86_400_000, '2 years'],
  ]
  for (const [ms, words] of cases) assert.equal(humanDuration(ms), words)
})

test('elapsed time of a progress line', () => {
  assert.equal(elapsed(40), '0.0s')
  assert.equal(elapsed(59_940), '59.9s')
  assert.equal(elapsed(65_000), '1m05s')
})

test('sizes: powers of 1000 on disk, powers of 1024 in memory', () => {
  assert.equal(decimalSize(0), '0B')
  assert.equal(decimalSize(4_430_000), '4.43MB')
  assert.equal(binarySize(64 * 2 ** 20), '64MiB')
  assert.equal(binarySize(63.54 * 2 ** 20), '63.54MiB')
})

test('what could drive a terminal is written out; newlines and tabs stay unless a line is wanted', () => {
  assert.equal(sanitize('a\u001b]0;title\u0007\r\nb\t'), 'a\\x1b]0;title\\x07\\x0d\nb\t')
  assert.equal(sanitizeLine('a\nb\t'), 'a\\nb\\t')
  assert.equal(sanitize('\u009b31m \u2066hidden\u2069'), '\\x9b31m \\u2066hidden\\u2069')
})

test('widths ignore colour codes, and a cut text ends in an ellipsis within its room', () => {
  assert.equal(displayWidth('\u001b[31mred\u001b[39m'), 3)
  assert.equal(displayWidth('日本'), 4)
  assert.equal(truncate('docker-entrypoint.sh', 10), 'docker-en…')
  assert.equal(truncate('日本語', 4), '日…')
  assert.equal(truncate('short', 5), 'short')
})

test('the nearest command is found for a slip of the fingers, and none for a different word', () => {
  const commands = ['up', 'down', 'config', 'restart', 'start']
  assert.equal(nearest('donw', commands), 'down')
  assert.equal(nearest('conf', commands), 'config')
  assert.equal(nearest('restrat', commands), 'restart')
  assert.equal(nearest('frobnicate', commands), undefined)
})

test('--ansi wins over NO_COLOR, NO_COLOR over FORCE_COLOR, FORCE_COLOR over the terminal', () => {
  const isColoured = (mode: 'auto' | 'always' | 'never', isTty: boolean, env: Record<string, string>) =>
    createStyle({ mode, isTty, env }).red('x') !== 'x'
  assert.equal(isColoured('auto', true, {}), true)
  assert.equal(isColoured('auto', false, {}), false)
  assert.equal(isColoured('auto', true, { TERM: 'dumb' }), false)
  assert.equal(isColoured('auto', true, { NO_COLOR: '1', FORCE_COLOR: '1' }), false)
  assert.equal(isColoured('auto', false, { FORCE_COLOR: '1' }), true)
  assert.equal(isColoured('always', false, { NO_COLOR: '1' }), true)
  assert.equal(isColoured('never', true, { FORCE_COLOR: '1' }), false)
})

test('times: a duration counts back from now, seconds pass through, dates are read', () => {
  const now = Date.parse('2026-01-31T12:00:00Z')
  assert.equal(parseTimestamp('1h30m', now), `${(now - 5_400_000) / 1000}.000`)
  assert.equal(parseTimestamp('250ms', now), ((now - 250) / 1000).toFixed(3))
  assert.equal(parseTimestamp('1700000000.5', now), '1700000000.5')
  assert.equal(parseTimestamp('2026-01-31T12:00:00Z', 0), (now / 1000).toFixed(3))
  assert.throws(() => parseTimestamp('yesterday', now), { code: 'USAGE' })
})
