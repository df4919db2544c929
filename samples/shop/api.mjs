import { createServer } from 'node:http'
import { createPostgres } from './postgres.mjs'
import { createRedis } from './redis.mjs'

const db = createPostgres()
const queue = createRedis()
await db.ready

const routes = {
  'GET /health': async () => ({ status: 'ok' }),
  'GET /orders': () => db.query('select id, item, state from orders order by id'),
  'POST /orders': async request => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [order] = await db.query('insert into orders (item) values ($1) returning id, item, state', [
      JSON.parse(body).item,
    ])
    await queue.push('orders', order.id)
    return order
  },
}

const server = createServer(async (request, response) => {
  const route = routes[`${request.method} ${request.url}`]
  response.setHeader('content-type', 'application/json')
  try {
    response.statusCode = route ? 200 : 404
    response.end(`${JSON.stringify(route ? await route(request) : { error: 'no such place' })}\n`)
  } catch (error) {
    response.statusCode = 500
    response.end(`${JSON.stringify({ error: error.message })}\n`)
  }
})
server.listen(3000, () => console.log('listening on port 3000'))
process.on('SIGTERM', () => process.exit(0))
