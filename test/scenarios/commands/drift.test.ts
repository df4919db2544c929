import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { planOutput } from '../../../schemas/output/plan.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'

const service = 'image: "rootfs:/", init: true, command: sleep 300'

describe('drift', () => {
  let daemon: TestDaemon
  let cli: BerthCli
  before(async () => {
    daemon = await TestDaemon.start()
    cli = await BerthCli.open(daemon, { 'stack.yaml': `services: {web: {${service}}, old: {${service}}}` })
    await cli.ok('up', '-d')
  })
  after(async () => {
    await cli[Symbol.asyncDispose]()
    await daemon[Symbol.asyncDispose]()
  })

  test('0 while nothing differs, 2 when a container is gone or the file is another, 1 for an error', async () => {
    assert.equal((await cli.run(['drift'])).code, 0)
    await daemon.call('DELETE', `/containers/${cli.stack}-web-1?force=1`)
    const missing = await cli.run(['drift', '--json'])
    assert.equal(missing.code, 2)
    assert.equal(planOutput.parse(JSON.parse(missing.stdout)).ops[0]?.kind, 'container.create')
    await cli.ok('up', '-d')
    await cli.write('stack.yaml', `services: {web: {${service}}}`)
    const quiet = await cli.run(['drift', '-q'])
    assert.deepEqual([quiet.code, quiet.stdout], [2, ''])
    await cli.write('stack.yaml', 'services: 1')
    assert.equal((await cli.run(['drift'])).code, 1)
  })
})
