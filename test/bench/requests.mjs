// Requests to an Engine API's socket.
import { once } from 'node:events'
import { request } from 'node:http'

/** The parsed answer, or undefined for an empty one; throws for a status of 400 and above. */
export async function ask(socketPath, method, path, body, agent) {
  const text = body && JSON.stringify(body)
  const headers = text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}
  const sent = request({ socketPath, agent, method, headers, path: `/v1.47${path}` }).end(text)
  const [response] = await once(sent, 'response')
  let all = ''
  for await (const chunk of response) all += chunk
  if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${all}`)
  return /^[[{]/.test(all) ? JSON.parse(all) : undefined
}
