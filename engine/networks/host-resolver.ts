import { readFile } from 'node:fs/promises'
import { parseAddress } from './cidr.ts'

/** Name servers of the host, for names that no container has. They are asked from the host's namespace, so 127.0.0.53 and the like work. */
export async function hostNameservers(path = '/etc/resolv.conf'): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return nameserversOf(text)
}

/** At most 8, as many as netd takes. */
export function nameserversOf(text: string): string[] {
  return text
    .split('\n')
    .flatMap(line => {
      const [keyword, server] = line.trim().split(/\s+/)
      const isUsable = keyword === 'nameserver' && server !== undefined && parseAddress(server) !== undefined
      return isUsable && server !== '127.0.0.11' ? [server] : []
    })
    .slice(0, 8)
}
