import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { oomRow } from '../../../schemas/output/oom.ts'
import { BerthCli } from '../../support/berth-cli.ts'
import { TestDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'

const folder = join(process.env['BERTH_ROOT'] ?? '.', 'samples', 'oom')
const MiB = 2 ** 20

test('the oom sample: a leaking child of a healthy PID 1 is seen, restarted with more memory three times, and then given up', async () => {
  await using daemon = await TestDaemon.start()
  const cli = BerthCli.at(daemon, folder)
  assert.equal(await cli.ok('plan'), await readFile(join(folder, 'plan.txt'), 'utf8'))
  await cli.ok('up', '-d')
  const steady = await daemon.inspect('oom-steady-1')

  const incidents = async () =>
    (await cli.ok('oom', '--format', 'json'))
      .split('\n')
      .filter(Boolean)
      .map(line => oomRow.parse(JSON.parse(line)))
  await eventually(
    'the last incident',
    async () => (await incidents()).some(incident => incident.decision === 'give-up'),
    60_000,
  )
  const found = await incidents()
  assert.deepEqual(
    found.map(incident => incident.decision),
    ['restart', 'restart', 'restart', 'give-up'],
  )
  assert.deepEqual(
    found.map(incident => incident.limitBytes / MiB),
    [96, 144, 192, 192],
  )
  for (const incident of found) {
    assert.equal(incident.service, 'leaky')
    assert.equal(incident.killedMain, false)
    assert.match(incident.victim?.name ?? '', /node/)
  }

  const leaky = await daemon.inspect('oom-leaky-1')
  assert.equal(leaky.State.Running, false)
  assert.equal(leaky.State.OOMKilled, true)
  assert.deepEqual((await daemon.inspect('oom-steady-1')).State.Pid, steady.State.Pid)
  await cli.ok('down')
})
