import { attributes, list, number, text } from './attributes.ts'
import type { Port } from './project.ts'

export function ports(value: unknown): readonly Port[] {
  return list(value).map(each => {
    const { target, protocol, host_ip: hostIp, published } = attributes(each)
    return {
      target: number(target) ?? 0,
      protocol: protocol === 'udp' || protocol === 'sctp' ? protocol : 'tcp',
      hostIp: text(hostIp) ?? '',
      // "0" asks for a free port, as nothing does.
      published: published === '0' ? '' : (text(published) ?? ''),
    }
  })
}
