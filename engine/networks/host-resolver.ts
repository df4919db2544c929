import { cachedText } from '../system/host.ts'
import { parseAddress } from './cidr.ts'

const resolvConf = cachedText('/etc/resolv.conf')

/** Name servers of the host, for names that no container has. They are asked from the host's namespace, so 127.0.0.53 and the like work. */
export const hostNameservers = (): string[] => nameserversOf(resolvConf())

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
