import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { substitute } from '../../../../cli/load/interpolate/template.ts'

const values: Readonly<Record<string, string>> = { SET: 's', EMPTY: '' }
const lookup = (name: string) => values[name]
const of = (text: string) => {
  const result = substitute(text, { lookup })
  return result.ok
    ? result.text
    : `${result.reason}${result.reason === 'required' ? ` ${result.variable}: ${result.message}` : ''}`
}

test('every form of a variable', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['$SET', 's'],
    ['a${SET}b', 'asb'],
    ['$SET_X', ''],
    ['$$SET', '$SET'],
    ['$$$SET', '$s'],
    ['${UNSET:-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${SET:+p}${EMPTY:+p}${EMPTY+p}${UNSET+p}', 'pp'],
    ['${UNSET:-a:b-c?d+e {f} ${SET}}', 'a:b-c?d+e {f} s'],
    ['${UNSET:-${ALSO-${SET}}}', 's'],
    ['${UNSET:-$$x}', '$x'],
    ['${SET:?no}', 's'],
    ['${EMPTY:?tag $SET}', 'required EMPTY: tag s'],
    ['${EMPTY?no}', ''],
    ['${UNSET?}', 'required UNSET: '],
  ]
  for (const [template, text] of cases) assert.equal(of(template), text, template)
})

test('what is no variable is refused', () => {
  for (const text of ['${', '${}', '${1X}', '${SET', '${SET!x}', '${SET:x}', '${UNSET:-${}']) {
    assert.equal(of(text), 'invalid', text)
  }
})

test('a dollar before anything else is a dollar', () => {
  for (const text of ['$', '$1', 'a $ b', '$(x)', 'a$', '$-']) assert.equal(of(text), text)
})

test('text whose $ are doubled comes out as it went in', () => {
  fc.assert(fc.property(fc.string(), text => assert.equal(of(text.replaceAll('$', '$$$$')), text)))
})

test('unset variables are told, defaults and alternates are not', () => {
  const unset: string[] = []
  substitute('$A ${B:-x} ${C+x} ${D}', { lookup, onUnset: name => unset.push(name) })
  assert.deepEqual(unset, ['A', 'D'])
})
