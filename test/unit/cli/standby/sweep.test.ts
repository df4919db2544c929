import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sweep } from '../../../../cli/standby/sweep.ts'

const listen = (path: string): Promise<Server> =>
  new Promise(resolve => {
    const server = createServer().listen(path, () => resolve(server))
  })

test('what killed standbys have left goes; what lives, begins or is one’s own stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-sweep-'))
  const path = (name: string): string => join(folder, name)
  const live = await listen(path('live.sock'))
  try {
    for (const name of ['dead', 'young', 'own']) {
      const server = await listen(path('x.sock'))
      renameSync(path('x.sock'), path(`${name}.sock`))
      await new Promise(resolve => server.close(resolve))
      writeFileSync(path(`${name}.lock`), '')
    }
    for (const name of ['dead.sock', 'own.sock', 'live.sock']) utimesSync(path(name), 1, 1)
    await sweep(path('own.sock'), 60_000)
    assert.deepEqual(readdirSync(folder).sort(), ['live.sock', 'own.lock', 'own.sock', 'young.lock', 'young.sock'])
  } finally {
    live.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
