import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLineSplitter } from '../../../../cli/ui/line-splitter.ts'
import { createLogPrefix } from '../../../../cli/ui/log-prefix.ts'
import { createStyle } from '../../../../cli/ui/style.ts'

const plain = createStyle({ mode: 'never', isTty: false, env: {} })
const coloured = createStyle({ mode: 'always', isTty: true, env: {} })

test('prefixes of all sources have one width', () => {
  const prefix = createLogPrefix(['db-1', 'worker-1'], { style: plain, hasPrefix: true })
  assert.equal(prefix('db-1'), 'db-1      | ')
  assert.equal(prefix('worker-1'), 'worker-1  | ')
})

test('a source keeps its colour whoever speaks first, and another one has another colour', () => {
  const colourOf = (text: string) => text.slice(0, 5)
  const first = createLogPrefix(['api-1', 'web-1'], { style: coloured, hasPrefix: true })
  const second = createLogPrefix(['api-1', 'web-1'], { style: coloured, hasPrefix: true })
  second('web-1')
  assert.equal(colourOf(first('api-1')), colourOf(second('api-1')))
  assert.notEqual(colourOf(first('api-1')), colourOf(first('web-1')))
})

test('without prefixes lines stay as they are', () => {
  assert.equal(createLogPrefix(['a'], { style: coloured, hasPrefix: false })('a'), '')
})

test('lines come whole, however the bytes were cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\n', ' '))),
      fc.array(fc.nat(20)),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.join('\n'))
        const seen: string[] = []
        const splitter = createLineSplitter(line => seen.push(line))
        let at = 0
        for (const cut of cuts) {
          splitter.write(bytes.subarray(at, at + cut))
          at += cut
        }
        splitter.write(bytes.subarray(at))
        splitter.end()
        assert.equal(seen.join('\n'), lines.join('\n').replace(/\n$/, ''))
      },
    ),
  )
})
