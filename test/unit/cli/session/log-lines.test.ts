import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeByTime } from '../../../../cli/session/log-lines.ts'

async function* log(...times: readonly string[]): AsyncGenerator<{ readonly time: string }> {
  for (const time of times) yield { time }
}

test('lines of several containers come in the order of their time stamps, each from its own log', async () => {
  const seen: string[] = []
  for await (const { line, index } of mergeByTime([log('1', '4'), log(), log('2', '3', '5')]))
    seen.push(`${line.time}:${index}`)
  assert.deepEqual(seen, ['1:0', '2:2', '3:2', '4:0', '5:2'])
})
