import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

/**
 * As much of PostgreSQL's protocol (version 3, extended queries, text values) as a small shop needs: `query(text, values)` gives rows as objects.
 * One connection; queries wait for their turn.
 */
export function createPostgres({ host = 'db', user = 'shop', database = 'postgres' } = {}) {
  const password = readFileSync('/run/secrets/db-password', 'utf8').trim()
  const socket = connect(5432, host)
  const waiting = []
  let fields = []
  let rows = []
  let error
  let buffer = Buffer.alloc(0)

  socket.on('connect', () => {
    const parameters = text(`user\0${user}\0database\0${database}\0\0`)
    socket.write(Buffer.concat([int32(8 + parameters.length), int32(196608), parameters]))
  })
  socket.on('data', chunk => {
    buffer = Buffer.concat([buffer, chunk])
    while (buffer.length >= 5 && buffer.length >= buffer.readInt32BE(1) + 1) {
      const length = buffer.readInt32BE(1) + 1
      receive(String.fromCharCode(buffer[0]), buffer.subarray(5, length))
      buffer = buffer.subarray(length)
    }
  })
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('connection to PostgreSQL closed'))
  })

  const ready = new Promise((resolve, reject) => {
    waiting.push({ resolve, reject })
    socket.on('error', reject)
  })

  function receive(type, body) {
    if (type === 'R' && body.readInt32BE(0) === 3) socket.write(message('p', text(`${password}\0`)))
    else if (type === 'T') fields = readFields(body)
    else if (type === 'D') rows.push(readRow(fields, body))
    else if (type === 'E') error = new Error(body.toString().match(/\0M([^\0]*)/)?.[1] ?? 'PostgreSQL failed')
    else if (type === 'Z') finish()
  }

  function finish() {
    const { resolve, reject } = waiting.shift() ?? {}
    const [result, failure] = [rows, error]
    rows = []
    fields = []
    error = undefined
    if (failure) reject?.(failure)
    else resolve?.(result)
  }

  return {
    ready,
    async query(statement, values = []) {
      await ready
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        const bound = values.map(value => text(String(value))).map(value => Buffer.concat([int32(value.length), value]))
        socket.write(
          Buffer.concat([
            message('P', text(`\0${statement}\0`), int16(0)),
            message('B', text('\0\0'), int16(0), int16(bound.length), ...bound, int16(0)),
            message('D', text('P\0')),
            message('E', text('\0'), int32(0)),
            message('S'),
          ]),
        )
      })
    },
    end: () => socket.end(message('X')),
  }
}

function readFields(body) {
  const names = []
  for (let at = 2; at < body.length; ) {
    const end = body.indexOf(0, at)
    names.push(body.toString('utf8', at, end))
    at = end + 19
  }
  return names
}

function readRow(fields, body) {
  let at = 2
  return Object.fromEntries(
    fields.map(name => {
      const length = body.readInt32BE(at)
      const value = length < 0 ? null : body.toString('utf8', at + 4, at + 4 + length)
      at += 4 + Math.max(0, length)
      return [name, value]
    }),
  )
}

function message(type, ...parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([text(type), int32(body.length + 4), body])
}

function text(value) {
  return Buffer.from(value)
}

function int16(value) {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value) {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}
