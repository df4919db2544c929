import { isIP } from 'node:net'
import type { HostConfig } from '../../schemas/api/host-config.ts'
import { BerthError } from '../../schemas/errors.ts'
import type { Attachment } from '../networks/attachments.ts'

/** Text of /etc/hosts: localhost, the request's extra hosts (`host-gateway` resolved), then the container's own addresses. */
export function hostsFile(
  extraHosts: readonly string[],
  own: Attachment['hosts'],
  hostGateway: string | undefined,
): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'ff00::\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
  ]
  for (const entry of extraHosts) lines.push(extraHost(entry, hostGateway))
  for (const { address, names } of own) lines.push(`${address}\t${names.join(' ')}`)
  return `${lines.join('\n')}\n`
}

/** `name:address` or `name=address`; an address may be in brackets. */
function extraHost(entry: string, hostGateway: string | undefined): string {
  const at = entry.search(/[:=]/)
  const name = entry.slice(0, at)
  const text = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
  const address = text === 'host-gateway' ? hostGateway : text
  if (address === undefined || isIP(address) === 0) {
    throw new BerthError('INVALID_ARGUMENT', `invalid IP address in add-host: "${text}"`)
  }
  return `${address}\t${name}`
}

/** Text of /etc/resolv.conf. Without an embedded server it is the host's, with the request's own members in place of the host's. */
export function resolvConfFile(nameserver: Attachment['nameserver'], hostConfig: HostConfig, hostText: string): string {
  const own = (hostConfig.Dns ?? []).filter(server => server !== '')
  const servers = nameserver === undefined ? (own.length > 0 ? own : valuesOf(hostText, 'nameserver')) : [nameserver]
  const search = hostConfig.DnsSearch?.length
    ? hostConfig.DnsSearch.filter(domain => domain !== '.')
    : lastOf(hostText, 'search')
  // With the embedded server single labels are container names: ndots:0 keeps resolvers from trying search domains first.
  const options = [...(hostConfig.DnsOptions?.length ? hostConfig.DnsOptions : lastOf(hostText, 'options'))]
  if (nameserver !== undefined && !options.some(option => option.startsWith('ndots:'))) options.push('ndots:0')
  const lines = servers.map(server => `nameserver ${server}`)
  if (search.length > 0) lines.push(`search ${search.join(' ')}`)
  if (options.length > 0) lines.push(`options ${options.join(' ')}`)
  return `${lines.join('\n')}\n`
}

const valuesOf = (text: string, keyword: string): string[] =>
  text.split('\n').flatMap(line => {
    const [first, ...rest] = line.trim().split(/\s+/)
    return first === keyword && rest[0] !== undefined ? [rest[0]] : []
  })

/** Words of the last line with that keyword: resolvers let the last one win. */
const lastOf = (text: string, keyword: string): string[] => {
  const lines = text.split('\n').filter(line => line.trim().split(/\s+/)[0] === keyword)
  return lines.at(-1)?.trim().split(/\s+/).slice(1) ?? []
}
