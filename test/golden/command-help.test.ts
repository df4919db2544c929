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

for (const { name } of commandTable) {
  test(`help of ${name}`, async () => {
    const { code, stdout, stderr } = await runCommandLine([name, '--help'])
    assert.equal(stderr, '')
    assert.equal(code, 0)
    assertGolden(`cli/help/${name}.txt`, stdout)
  })
}
