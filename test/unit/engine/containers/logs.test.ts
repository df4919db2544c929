import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { type LineFormat, LogEncoder, timeKeyOf } from '../../../../engine/containers/log-line.ts'
import { type LogOptions, readLogs } from '../../../../engine/containers/logs.ts'

const plain: LineFormat = { stdout: true, stderr: true, isFramed: false, timestamps: false, details: '' }
const line = (log: string, stream = 'stdout', time = '2026-01-02T03:04:05.5Z') =>
  `${JSON.stringify({ log, stream, time })}\n`

function encode(text: string, format: Partial<LineFormat> = {}): string {
  return new LogEncoder({ ...plain, ...format }).encode(Buffer.from(text)).toString('latin1')
}

describe('log lines', () => {
  test('any text, in pieces of any size, comes out as it went in', () => {
    const texts = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.boolean()), { maxLength: 20 })
    fc.assert(
      fc.property(texts, fc.array(fc.nat(50), { minLength: 1 }), (entries, sizes) => {
        const file = Buffer.from(entries.map(([text, isError]) => line(text, isError ? 'stderr' : 'stdout')).join(''))
        const encoder = new LogEncoder(plain)
        const parts: Buffer[] = []
        for (let at = 0, i = 0; at < file.length; i++) {
          const size = (sizes[i % sizes.length] ?? 0) + 1
          parts.push(encoder.encode(file.subarray(at, at + size)))
          at += size
        }
        // JSON.stringify keeps lone surrogates as escapes; bytes cannot.
        assert.equal(
          Buffer.concat(parts).toString('utf8'),
          Buffer.from(entries.map(([text]) => JSON.parse(JSON.stringify(text)) as string).join('')).toString('utf8'),
        )
      }),
    )
  })

  test('frames carry the stream and the length', () => {
    const output = new LogEncoder({ ...plain, isFramed: true }).encode(Buffer.from(line('ab\n') + line('c', 'stderr')))
    assert.deepEqual([...output], [1, 0, 0, 0, 0, 0, 0, 3, 97, 98, 10, 2, 0, 0, 0, 0, 0, 0, 1, 99])
  })

  test('timestamps have nine digits; details come behind them', () => {
    assert.equal(encode(line('x\n'), { timestamps: true, details: 'a=b ' }), '2026-01-02T03:04:05.500000000Z a=b x\n')
    assert.equal(
      encode(line('x\n', 'stdout', '2026-01-02T03:04:05Z'), { timestamps: true }),
      '2026-01-02T03:04:05.000000000Z x\n',
    )
  })

  test('bounds are inclusive and compare fractions as numbers', () => {
    const times = ['05Z', '05.000000001Z', '05.1Z', '05.11Z', '06Z'].map(end => `2026-01-02T03:04:${end}`)
    const file = times.map((time, i) => line(String(i), 'stdout', time)).join('')
    const at = (ns: bigint) => timeKeyOf(BigInt(Date.parse('2026-01-02T03:04:05Z')) * 1_000_000n + ns)
    assert.equal(encode(file, { since: at(1n) }), '1234')
    assert.equal(encode(file, { since: at(100_000_001n) }), '34')
    assert.equal(encode(file, { until: at(100_000_000n) }), '012')
    assert.equal(encode(file, { since: at(1_000_000_000n), until: at(1_000_000_000n) }), '4')
  })

  test('streams are chosen; what is no log line is left out', () => {
    const file = `${line('o')}garbage\n{"log":1}\n{ "time": "2026-01-01T00:00:00Z", "log": "odd" }\n${line('e', 'stderr')}`
    assert.equal(encode(file), 'oodde')
    assert.equal(encode(file, { stdout: false }), 'e')
  })
})

describe('reading logs', () => {
  let folder: string
  let path: string
  const all: LogOptions = { stdout: true, stderr: true, follow: false, timestamps: false, details: false }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-logs-'))
    path = join(folder, 'x-json.log')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const forever = new Promise<void>(() => undefined)
  const read = async (options: Partial<LogOptions>) => {
    const parts: Buffer[] = []
    for await (const part of readLogs(
      { path, isTty: true, ended: forever },
      { ...all, ...options },
      new AbortController().signal,
    ))
      parts.push(part)
    return Buffer.concat(parts).toString()
  }

  test('no file is no output; rotated files come first', async () => {
    assert.equal(await read({}), '')
    writeFileSync(`${path}.2`, line('1'))
    writeFileSync(`${path}.1`, line('2') + line('3'))
    writeFileSync(path, `${line('4')}{"log":"unfin`)
    assert.equal(await read({}), '1234')
  })

  test('tail counts lines over all files', async () => {
    writeFileSync(`${path}.1`, line('a') + line('b'))
    writeFileSync(path, line('c') + line('d'))
    const results = await Promise.all([0, 1, 2, 3, 4, 9].map(tail => read({ tail })))
    assert.deepEqual(results, ['', 'd', 'cd', 'bcd', 'abcd', 'abcd'])
  })

  test('tail equals the end of everything, whatever the lengths', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(300_000), { maxLength: 6 }), fc.nat(8), async (lengths, tail) => {
        writeFileSync(path, lengths.map((length, i) => line(`${i}${'x'.repeat(length)}\n`)).join(''))
        const lines = (await read({})).split('\n').slice(0, -1)
        const expected = tail === 0 ? [] : lines.slice(-tail)
        assert.equal(await read({ tail }), expected.map(text => `${text}\n`).join(''))
      }),
      { numRuns: 20 },
    )
  })

  test('follows through rotations to the end, losing nothing', { timeout: 20_000 }, async () => {
    writeFileSync(path, line('0\n'))
    let end: () => void = () => undefined
    const ended = new Promise<void>(resolve => {
      end = resolve
    })
    const stream = readLogs({ path, isTty: true, ended }, { ...all, follow: true }, new AbortController().signal)
    let received = ''
    const receive = async (until: string) => {
      while (!received.includes(until)) {
        const next = await stream.next()
        if (next.done === true) return
        received += next.value.toString()
      }
    }
    await receive('0\n')
    let expected = '0\n'
    for (let i = 1; i <= 60; i++) {
      appendFileSync(path, line(`${i}\n`))
      expected += `${i}\n`
      if (i % 7 === 0) {
        // Twice without a reader in between now and then: it has to find the file in the middle too.
        for (const [from, to] of [
          ['.2', '.3'],
          ['.1', '.2'],
          ['', '.1'],
        ] as const) {
          try {
            renameSync(path + from, path + to)
          } catch {}
        }
        writeFileSync(path, '')
      }
      if (i % 10 === 0) await receive(`${i}\n`)
    }
    appendFileSync(path, line('last\n'))
    end()
    await receive('never')
    assert.equal(received, `${expected}last\n`)
  })

  test('following ends with its signal', { timeout: 10_000 }, async () => {
    writeFileSync(path, line('x'))
    const controller = new AbortController()
    const stream = readLogs({ path, isTty: true, ended: forever }, { ...all, follow: true, tail: 0 }, controller.signal)
    const next = stream.next()
    setImmediate(() => controller.abort())
    assert.equal((await next).done, true)
  })
})
