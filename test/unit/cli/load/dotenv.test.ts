import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDotenv, parseRawEnv } from '../../../../cli/load/env/dotenv.ts'

const parse = (text: string, env: Readonly<Record<string, string>> = {}) => {
  const result = parseDotenv(text, { lookup: name => env[name] })
  return result.ok ? Object.fromEntries(result.variables) : `line ${result.line}: ${result.message}`
}

test('quotes, comments and blanks', () => {
  assert.deepEqual(
    parse('A=a b  # c\nB=a#b\nC=\'x # $A\'\nD="x\\n\\"y\\" $A" # c\nE =  v \nexport F=1\nG: y\nH=\n\n#I=1\r\nJ="a\nb"'),
    {
      A: 'a b',
      B: 'a#b',
      C: 'x # $A',
      D: 'x\n"y" a b',
      E: 'v',
      F: '1',
      G: 'y',
      H: '',
      J: 'a\nb',
    },
  )
})

test('a bare name is inherited or dropped; the caller beats the file inside ${}', () => {
  assert.deepEqual(parse('A\nB\nC=${A}-$D\nD=file\nE=$D', { A: 'shell', D: 'shell' }), {
    A: 'shell',
    C: 'shell-shell',
    D: 'file',
    E: 'shell',
  })
})

test('mistakes carry their line', () => {
  assert.match(String(parse('A=1\nB C=2')), /^line 2: .*blank/)
  assert.match(String(parse('A="x')), /^line 1: .*never closed/)
  assert.match(String(parse('A=1\n\n=2')), /^line 3: a name is missing/)
  assert.match(String(parse('A=a${')), /valid use of \$/)
})

test('raw files keep everything after the first =', () => {
  const result = parseRawEnv("A='q' # c\nB=${A}\n#C=1\nD", () => undefined)
  assert.deepEqual(result.ok && Object.fromEntries(result.variables), { A: "'q' # c", B: '${A}' })
})

test('a single-quoted value survives', () => {
  const value = fc.string().filter(text => !/['\\\r\uFEFF]/.test(text))
  fc.assert(fc.property(value, text => assert.deepEqual(parse(`K='${text}'\nL=1`), { K: text, L: '1' })))
})
