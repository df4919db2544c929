import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startLayerWorkers, type TestWorkers } from '../../support/layer-workers.ts'
import { type TarItem, tar } from '../../support/tar-writer.ts'

export type Outcome =
  | { readonly refused: RegExp }
  /** Paths in the unpacked tree with what they must be. */
  | { readonly holds: Readonly<Record<string, string>> }

export interface Case {
  readonly name: string
  readonly archive: Buffer | readonly TarItem[]
  readonly outcome: Outcome
}

export const refused = (pattern: RegExp): Outcome => ({ refused: pattern })
export const holds = (tree: Readonly<Record<string, string>>): Outcome => ({ holds: tree })
export const file = (name: string, content = 'evil', more: Partial<TarItem> = {}): TarItem => ({
  name,
  content,
  ...more,
})
export const folder = (name: string): TarItem => ({ name, flag: '5' })
export const symlink = (name: string, link: string): TarItem => ({ name, flag: '2', link })
export const hardlink = (name: string, link: string): TarItem => ({ name, flag: '1', link })
export const up = '../'.repeat(20)

/**
 * Unpacks each layer beside a "victim" folder of the host that every escape would reach: it is either refused by name, or contained; the victim stays as
 * it was and the worker dies of nothing. `cases` is given the victim's path.
 */
export function testUnpacking(title: string, cases: (victim: string) => readonly Case[]): void {
  describe(title, () => {
    let test_: TestWorkers
    let victim: string
    before(() => {
      test_ = startLayerWorkers()
      victim = join(test_.folder, 'victim')
      mkdirSync(victim)
      writeFileSync(join(victim, 'secret'), 'secret')
      symlinkSync('secret', join(victim, 'link'))
    })
    after(() => test_[Symbol.asyncDispose]())

    test('every case is refused or contained', async t => {
      const untouched = describeTree(victim)
      for (const [i, { name, archive, outcome }] of cases(victim).entries()) {
        await t.test(name, async () => {
          const target = join(test_.folder, `target-${i}`)
          mkdirSync(target)
          const source = join(test_.folder, `${i}.tar`)
          writeFileSync(source, Buffer.isBuffer(archive) ? archive : tar(...(archive as readonly TarItem[])))
          const unpacking = test_.workers.unpack({
            target,
            source: { path: source, offset: 0 },
            maxBytes: 32 << 20,
            maxEntries: 2000,
            whiteouts: 'overlay',
          })
          if ('refused' in outcome)
            await assert.rejects(unpacking, { code: 'INVALID_ARGUMENT', message: outcome.refused })
          else {
            const result = await unpacking
            const sum = createHash('sha256').update(readFileSync(source)).digest('hex')
            assert.equal(result.digest, `sha256:${sum}`)
            for (const [path, what] of Object.entries(outcome.holds))
              assert.equal(describeTree(target).get(path), what, path)
          }
          assert.deepEqual(describeTree(victim), untouched)
          assert.deepEqual(test_.killedBy, [])
        })
      }
    })
  })
}

/** Every path below a folder with what it is; names that are not UTF-8 with \xNN. */
function describeTree(root: string): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (directory: Buffer, prefix: string) => {
    for (const name of readdirSync(directory, { encoding: 'buffer' })) {
      const path = Buffer.concat([directory, Buffer.from('/'), name])
      const shown =
        prefix + [...name].map(byte => (byte >= 0x80 ? `\\x${byte.toString(16)}` : String.fromCharCode(byte))).join('')
      const status = lstatSync(path)
      found.set(shown, describeEntry(path, status))
      if (status.isDirectory()) visit(path, `${shown}/`)
    }
  }
  visit(Buffer.from(root), '')
  return found
}

function describeEntry(path: Buffer, status: ReturnType<typeof lstatSync>): string {
  if (status === undefined) return 'gone'
  if (status.isSymbolicLink()) return `symlink ${readlinkSync(path)}`
  if (status.isCharacterDevice()) return status.rdev === 0 ? 'whiteout' : 'character'
  if (status.isBlockDevice()) return 'block'
  if (status.isFIFO()) return 'pipe'
  if (status.isDirectory()) return 'folder'
  return `file ${readFileSync(path, 'utf8')}`
}
