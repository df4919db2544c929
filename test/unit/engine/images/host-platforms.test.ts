import assert from 'node:assert/strict'
import { test } from 'node:test'
import { variantOf } from '../../../../engine/images/host-platforms.ts'

const v2 = 'fpu cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3'
const v3 = `${v2} avx avx2 bmi1 bmi2 f16c fma movbe xsave`

test('the variant of a CPU is told by what it can do', () => {
  const flags = (text: string) => `processor\t: 0\nflags\t\t: ${text}\nbugs\t\t: none\n`
  assert.equal(variantOf('amd64', flags('fpu')), undefined)
  assert.equal(variantOf('amd64', flags(v2)), 'v2')
  assert.equal(variantOf('amd64', flags(v3)), 'v3')
  assert.equal(variantOf('amd64', flags(`${v3} avx512f avx512bw avx512cd avx512dq`)), 'v3')
  assert.equal(variantOf('amd64', flags(`${v3} avx512f avx512bw avx512cd avx512dq avx512vl`)), 'v4')
  assert.equal(variantOf('amd64', ''), undefined)
  assert.equal(variantOf('arm', 'CPU architecture: 7\n'), 'v7')
  assert.equal(variantOf('arm64', 'CPU architecture: 8\n'), undefined)
})
