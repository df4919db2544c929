import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestDaemon } from '../support/daemon.ts'
import { SIX_SERVICES, Stack } from './stack.ts'

test('the disk of the data root is full: up says so and fails; with space again it converges', async () => {
  const disk = mkdtempSync(join(tmpdir(), 'berth-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
  try {
    await using daemon = await TestDaemon.start(['--data-root', disk])
    const stack = new Stack(daemon, SIX_SERVICES)
    const ballast = join(disk, 'ballast')
    fill(disk, ballast)
    const up = await stack.run('up', '-d')
    assert.notEqual(up.code, 0, up.output)
    assert.match(up.output, /no space left|ENOSPC|disk is full/i)
    assert.equal((await daemon.request('GET', '/_ping')).status, 200, 'the daemon lives')

    rmSync(ballast)
    const again = await stack.run('up', '-d')
    assert.equal(again.code, 0, again.output)
    const pids = await stack.pids()
    assert.equal(Object.keys(pids).length, 6)
    // What was written around the failure must be readable too.
    await daemon.kill()
    await daemon.launch()
    assert.deepEqual(await stack.pids(), pids)
    const down = await stack.run('down')
    assert.equal(down.code, 0, down.output)
  } finally {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})

function fill(disk: string, file: string): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(file, Buffer.alloc(bavail * bsize))
}
