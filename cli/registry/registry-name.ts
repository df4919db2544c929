/** Key of Docker Hub's credentials in config.json, and what a login without an address means. */
export const hubServer = 'https://index.docker.io/v1/'

/** The key under which config.json has the credentials for a reference's registry: the host, or for Docker Hub its old index. */
export function serverOfReference(reference: string): string {
  const [first = '', ...rest] = reference.split('/')
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  return isHost ? serverOf(first) : hubServer
}

/** The same for an address that the user typed: `registry.example:5000`, `https://registry.example/v2/`, `docker.io`. */
export function serverOf(address: string): string {
  const host = hostOf(address)
  return ['', 'docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? hubServer : host
}

/** Host and port of a key as various programs wrote them: with a scheme, with `/v1/` or `/v2/` behind. */
export function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}
