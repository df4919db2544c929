import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceProgress } from '../../../../cli/apply/progress.ts'
import { Board } from '../../../../cli/ui/progress/board.ts'
import { progressFrame } from '../../../../cli/ui/progress/frame.ts'
import { jsonLines } from '../../../../cli/ui/progress/json-lines.ts'
import { plainLines } from '../../../../cli/ui/progress/plain-lines.ts'
import { createStyle } from '../../../../cli/ui/style.ts'
import { displayWidth } from '../../../../cli/ui/width.ts'
import { progressLine } from '../../../../schemas/output/progress.ts'

const style = createStyle({ mode: 'never', isTty: false, env: {} })

const container = (
  name: string,
  text: ResourceProgress['text'],
  state: ResourceProgress['state'],
  detail?: string,
): ResourceProgress => ({
  kind: 'resource',
  resource: 'container',
  name,
  text,
  state,
  ...(detail === undefined ? {} : { detail }),
})

function frame(board: Board, choices: { nowMs?: number; columns?: number; maxLines?: number } = {}): readonly string[] {
  return progressFrame({ title: 'up', rows: board.rows(), nowMs: 1000, columns: 60, maxLines: 10, style, ...choices })
}

test('the block has a head with the count and one line per resource, with the time it took', () => {
  const board = new Board()
  board.apply({ kind: 'resource', resource: 'network', name: 'shop_default', text: 'Created', state: 'done' }, 100)
  board.apply(container('shop-db-1', 'Starting', 'working'), 200)
  board.apply(container('shop-db-1', 'Started', 'done'), 500)
  board.apply(container('shop-web-1', 'Waiting', 'waiting', 'for db to be healthy'), 600)
  assert.deepEqual(frame(board), [
    '[+] up 2/3',
    ' ✔ Network shop_default  Created                        0.0s',
    ' ✔ Container shop-db-1   Started                        0.3s',
    ' ⠼ Container shop-web-1  Waiting for db to be healthy   0.4s',
  ])
})

test('no line is wider than the terminal, so that the block can be redrawn in place', () => {
  const board = new Board()
  board.apply(container('shop-web-1', 'Error', 'failed', `port 80 is in use ${'x'.repeat(200)}`), 0)
  board.apply(container('日本語の名前', 'Starting', 'working'), 0)
  for (const columns of [40, 60, 80, 200]) {
    for (const line of frame(board, { columns }))
      assert.ok(displayWidth(line) <= columns, `${displayWidth(line)} > ${columns}: ${line}`)
  }
})

test('a resource that is worked on again starts its clock again', () => {
  const board = new Board()
  board.apply(container('a', 'Created', 'done'), 100)
  board.apply(container('a', 'Starting', 'working'), 900)
  assert.equal(board.rows()[0]?.beganMs, 900)
})

test('on a small terminal what runs and what failed stays in sight', () => {
  const board = new Board()
  for (let at = 0; at < 20; at += 1) board.apply(container(`done-${at}`, 'Started', 'done'), 0)
  board.apply(container('broken', 'Error', 'failed'), 0)
  board.apply(container('running', 'Starting', 'working'), 0)
  const lines = frame(board, { maxLines: 6 })
  assert.equal(lines.length, 6)
  assert.ok(lines.some(line => line.includes('broken')))
  assert.ok(lines.some(line => line.includes('running')))
  assert.equal(lines.at(-1), ' … and 18 more')
})

test('plain progress is a line per change in the words of compose', () => {
  let text = ''
  let output = ''
  const view = plainLines(
    piece => (text += piece),
    piece => (output += piece),
    style,
  )
  view.show(container('shop-web-1', 'Started', 'done'))
  view.show(container('shop-web-1', 'Started', 'done'))
  view.show({ kind: 'warning', message: 'careful\u001b[2J' })
  assert.equal(text, ' Container shop-web-1  Started\nwarning: careful\\x1b[2J\n')
  const build = { kind: 'resource', resource: 'image', name: 'shop-web', service: 'web', text: 'Building' } as const
  view.show({ ...build, state: 'working', detail: 'Step 1/2 : FROM base' })
  assert.equal(output, '[web] Step 1/2 : FROM base\n')
})

test('json progress is a line per event, as its schema says', () => {
  const lines: string[] = []
  const view = jsonLines(line => lines.push(line))
  view.show({ ...container('shop-web-1', 'Error', 'failed', 'no'), id: 'abc', service: 'web' })
  view.show({ kind: 'warning', message: 'careful' })
  const values = lines.map(line => progressLine.parse(JSON.parse(line)))
  assert.deepEqual(values[0], {
    id: 'Container shop-web-1',
    resource: 'container',
    name: 'shop-web-1',
    status: 'Error',
    state: 'failed',
    containerId: 'abc',
    service: 'web',
    details: 'no',
  })
})
