import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeJsonError } from '../../../../engine/http/json-error.ts'

/** Each message is what dockerd 28.5 answered to this body. */
const cases = {
  '{invalid json': "invalid JSON: invalid character 'i' looking for beginning of object key string",
  '{': 'invalid JSON: unexpected EOF',
  '': 'invalid JSON: EOF',
  '{} trailing content': 'unexpected content after JSON',
  '{"a" 1}': "invalid JSON: invalid character '1' after object key",
  '{"a":1 "b"}': "invalid JSON: invalid character '\"' after object key:value pair",
  '[1 2]': "invalid JSON: invalid character '2' after array element",
  '{"a":tru}': "invalid JSON: invalid character '}' in literal true (expecting 'e')",
  '{"a":"\\x"}': 'invalid JSON: invalid escape sequence `\\x` in string',
  '{"a":1.}': "invalid JSON: invalid character '}' in numeric literal",
  '{"a":-}': "invalid JSON: invalid character '}' in numeric literal",
  '{"a":\'x\'}': "invalid JSON: invalid character '\\'' looking for beginning of value",
}

test('what is wrong with a body is told in the words of Go’s decoder', () => {
  for (const [text, message] of Object.entries(cases)) assert.equal(describeJsonError(text), message, text)
})
