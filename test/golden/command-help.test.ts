import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandTable } from '../../cli/commands/table.ts'
import { runCommandLine } from '../support/command-line.ts'
import { assertGolden } from '../support/golden.ts'

test('the overview of all commands', async () => {
  const { code, stdout } = await runCommandLine(['--help'])
  assert.equal(code, 0)
  assertGolden('cli/help/berth.txt', stdout)
})

const names = await Promise.all(
  commandTable.map(async entry => {
    if (!('members' in entry)) return [[entry.name]]
    return [[entry.name], ...(await entry.members()).map(member => [entry.name, member.name])]
  }),
)

for (const words of names.flat()) {
  test(`help of ${words.join(' ')}`, async () => {
    const { code, stdout, stderr } = await runCommandLine([...words, '--help'])
    assert.equal(stderr, '')
    assert.equal(code, 0)
    assertGolden(`cli/help/${words.join('-')}.txt`, stdout)
  })
}
