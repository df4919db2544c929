import { hostname } from 'node:os'
import { createPostgres } from './postgres.mjs'
import { createRedis } from './redis.mjs'

const db = createPostgres()
const queue = createRedis()
process.on('SIGTERM', () => process.exit(0))
console.log('waiting for orders')
for (;;) {
  const id = await queue.pop('orders')
  const [order] = await db.query("update orders set state = 'shipped' where id = $1 returning item", [id])
  console.log(`${hostname()} shipped ${order.item} (order ${id})`)
}
