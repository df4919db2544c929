import { BlockList, isIP } from 'node:net'
import type { ProxySettings } from './settings.ts'

/**
 * The proxy for a URL, or undefined for a direct connection. Rules of golang.org/x/net/http/httpproxy, which dockerd uses: loopback is never proxied;
 * a `no` entry is `*`, a network, an address, a domain (its subdomains too; `.example` only these), each with an optional port.
 */
export function proxyFor(url: URL, { http, https, no }: ProxySettings): URL | undefined {
  const proxy = url.protocol === 'https:' ? https : http
  if (proxy === undefined || proxy === '') return undefined
  const host = bareHost(url)
  if (isLoopback(host) || isExcepted(host, portOf(url), no ?? '')) return undefined
  return new URL(/^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`)
}

/** `localhost`, `127.0.0.0/8`, `::1`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** True when `host` is an address inside `network` (`10.0.0.0/8`). */
export function isInNetwork(host: string, network: string): boolean {
  const family = isIP(host)
  const [address = '', bits = ''] = network.split('/')
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  const name = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(address, Number(bits), name)
  return list.check(host, name)
}

/** Host name without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}

function isExcepted(host: string, port: string, no: string): boolean {
  return no
    .split(',')
    .map(entry => entry.trim().toLowerCase())
    .some(entry => {
      if (entry === '') return false
      if (entry === '*') return true
      if (entry.includes('/')) return isInNetwork(host, entry)
      const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry)
      const name = (match?.[1] ?? entry).replace(/^\[(.*)\]$/, '$1')
      if (match?.[2] !== undefined && match[2] !== port) return false
      if (isIP(name) !== 0) return host === name
      const domain = name.replace(/^\*?\./, '')
      const isSubdomainOnly = domain !== name
      return host.endsWith(`.${domain}`) || (!isSubdomainOnly && host === domain)
    })
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80')
}
