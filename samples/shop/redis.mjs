import { connect } from 'node:net'

/** The two commands of redis that the shop needs, over one connection each: `push(list, value)` and `pop(list)`, which waits for a value. */
export function createRedis({ host = 'redis' } = {}) {
  const socket = connect(6379, host)
  const waiting = []
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', chunk => {
    received += chunk
    for (let reply = parse(received); reply; reply = parse(received)) {
      received = received.slice(reply.length)
      waiting.shift()?.(reply.value)
    }
  })
  const send = (...words) =>
    new Promise(resolve => {
      waiting.push(resolve)
      socket.write(`*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
    })
  return {
    socket,
    push: (list, value) => send('RPUSH', list, String(value)),
    pop: async list => (await send('BLPOP', list, '0'))[1],
    end: () => socket.end(),
  }
}

/** One reply from the front of the text, or undefined while it is not complete. */
function parse(text) {
  const end = text.indexOf('\r\n')
  if (end < 0) return undefined
  const line = text.slice(1, end)
  const next = end + 2
  if (text[0] === '$') {
    const size = Number(line)
    return text.length < next + size + 2 ? undefined : { value: text.slice(next, next + size), length: next + size + 2 }
  }
  if (text[0] !== '*') return { value: line, length: next }
  const items = []
  let length = next
  for (let count = Number(line); count > 0; count -= 1) {
    const item = parse(text.slice(length))
    if (!item) return undefined
    items.push(item.value)
    length += item.length
  }
  return { value: items, length }
}
