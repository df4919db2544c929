import { request as ask, createServer } from 'node:http'

const page = `<!doctype html><title>shop</title><h1>Shop</h1>
<form id=f><input name=item placeholder="what do you want?"><button>Order</button></form><ul id=list></ul>
<script>
const show = async () => { list.replaceChildren(...(await (await fetch('/api/orders')).json()).map(o => Object.assign(document.createElement('li'), {textContent: o.item + ': ' + o.state}))) }
f.onsubmit = async e => { e.preventDefault(); await fetch('/api/orders', {method: 'POST', body: JSON.stringify({item: f.item.value})}); f.reset(); show() }
show(); setInterval(show, 2000)
</script>
`

const server = createServer((request, response) => {
  if (!request.url.startsWith('/api/')) {
    response.setHeader('content-type', 'text/html')
    response.end(page)
    return
  }
  const { method, url } = request
  const onward = ask({ host: 'api', port: 3000, path: url.slice(4), method }, answer => {
    response.writeHead(answer.statusCode, { 'content-type': answer.headers['content-type'] })
    answer.pipe(response)
  })
  onward.on('error', error => response.writeHead(502).end(`${error.message}\n`))
  request.pipe(onward)
})
server.listen(8080, () => console.log('listening on port 8080'))
process.on('SIGTERM', () => process.exit(0))
