import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { assertNothingLeft, kernelState } from '../../support/leaks.ts'

const folder = join(process.env['BERTH_ROOT'] ?? '.', 'samples', 'shop')
const skip =
  existsSync('/usr/lib/postgresql') && existsSync('/usr/bin/redis-server')
    ? false
    : 'redis and PostgreSQL are not installed'

test('the shop sample takes an order, ships it, and still has it after down and up', { skip }, async () => {
  await using daemon = await TestDaemon.start()
  const before = kernelState(daemon.instance)
  const port = await freePort()
  const orders = `http://127.0.0.1:${port}/api/orders`
  const cli = BerthCli.at(daemon, folder, { SHOP_PORT: String(port) })
  assert.equal(await cli.ok('plan'), await readFile(join(folder, 'plan.txt'), 'utf8'))

  await cli.ok('up', '-d', '--wait')
  const placed = await fetch(orders, { method: 'POST', body: JSON.stringify({ item: 'anchor' }) })
  assert.deepEqual(await placed.json(), { id: '1', item: 'anchor', state: 'new' })
  const shipped = [{ id: '1', item: 'anchor', state: 'shipped' }]
  await eventually(
    'the order is shipped',
    async () => JSON.stringify(await (await fetch(orders)).json()) === JSON.stringify(shipped),
  )

  await cli.ok('down')
  await cli.ok('up', '-d', '--wait')
  assert.deepEqual(await (await fetch(orders)).json(), shipped)
  assert.match(await cli.ok('ps', '-a', 'schema'), /Exited \(0\)/)

  await cli.ok('down', '-v')
  await assertNothingLeft(daemon.instance, before)
})
