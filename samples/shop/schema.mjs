import { createPostgres } from './postgres.mjs'

const db = createPostgres()
await db.query(
  "create table if not exists orders (id serial primary key, item text not null, state text not null default 'new', created timestamptz not null default now())",
)
console.log('the table is ready')
db.end()
