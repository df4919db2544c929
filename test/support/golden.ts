import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Compares with the file under test/golden; UPDATE_GOLDEN=1 writes it, and the change is reviewed as documentation. */
export function assertGolden(file: string, actual: string): void {
  const path = join(process.env.BERTH_ROOT ?? '.', 'test', 'golden', file)
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, actual)
    return
  }
  assert.equal(actual, readFileSync(path, 'utf8'), `differs from ${path}; UPDATE_GOLDEN=1 writes it anew`)
}
