import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFileMode } from '../../../../engine/build/steps/file-mode.ts'

test('--chmod: digits, and chmod’s words', () => {
  const cases: readonly (readonly [text: string, mode: number, isFolder: boolean, expected: number])[] = [
    ['4755', 0o600, false, 0o4755],
    ['a+x', 0o640, false, 0o751],
    ['+x', 0o640, false, 0o751],
    ['u=rwX,go=rX', 0o640, false, 0o644],
    ['u=rwX,go=rX', 0o740, false, 0o755],
    ['u=rwX,go=rX', 0o600, true, 0o755],
    ['go-rwx,u+s', 0o755, false, 0o4700],
    ['+t', 0o755, true, 0o1755],
    ['g=u', 0o640, false, 0o660],
    ['o=', 0o757, false, 0o750],
    ['u=rw', 0o4755, false, 0o655],
    ['g=rx', 0o2755, true, 0o2755],
  ]
  for (const [text, mode, isFolder, expected] of cases) {
    const found = parseFileMode(text)?.(mode, isFolder)
    assert.equal(found?.toString(8), expected.toString(8), `${text} of ${mode.toString(8)}`)
  }
  for (const text of ['', '888', '77777', 'u', 'x+r', 'u+q', 'u+r,,', 'rwx'])
    assert.equal(parseFileMode(text), undefined, text)
})
