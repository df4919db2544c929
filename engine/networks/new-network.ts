import type { IpamConfig, NetworkCreateRequest } from '../../schemas/api/networks.ts'
import { BerthError } from '../../schemas/errors.ts'
import { ipamProblems } from './check-ipam.ts'
import { checkBridgeOptions } from './check-options.ts'
import { type Cidr, formatAddress, formatCidr, overlaps, parseAddress, parseCidr, requireCidr } from './cidr.ts'
import { allocateSubnet, defaultGateway, type SubnetPool } from './ipam.ts'
import { throwProblems } from './problems.ts'
import { bridgeOptions, linkModes, linkOf, linkOptions, type NetworkRecord } from './record.ts'

const cidr = (text: string): Cidr => requireCidr(text, 'pool')

/** Pieces of 254 containers each; the later pools only when a host's routes cover the first. */
export const defaultPools: readonly SubnetPool[] = [
  { within: cidr('10.201.0.0/16'), prefix: 24 },
  { within: cidr('10.202.0.0/16'), prefix: 24 },
  { within: cidr('172.28.0.0/14'), prefix: 24 },
  { within: cidr('192.168.128.0/17'), prefix: 24 },
]
export const defaultPools6: readonly SubnetPool[] = [{ within: cidr('fd62:6572:7468::/48'), prefix: 64 }]

export interface Surroundings {
  readonly id: string
  readonly created: string
  /** Subnets of the other networks. */
  readonly networks: readonly { readonly name: string; readonly subnet: Cidr }[]
  /** Destinations that the host reaches otherwise. */
  readonly routes: readonly Cidr[]
}

/** Checks a request and fills in what it leaves open. Pure; throws INVALID_ARGUMENT, FORBIDDEN or CONFLICT in dockerd's words. */
export function newNetwork(request: NetworkCreateRequest, surroundings: Surroundings): NetworkRecord {
  checkRequest(request)
  const options = request.Options ?? {}
  const hasIpv4 = request.EnableIPv4 ?? true
  const hasIpv6 = request.EnableIPv6 ?? false
  if (!hasIpv4 && !hasIpv6) throw new BerthError('INVALID_ARGUMENT', 'IPv4 or IPv6 must be enabled')
  const asked = request.IPAM?.Config ?? []
  throwProblems('invalid network config', asked.flatMap(ipamProblems))
  checkDisjoint(asked)
  const driver = driverOf(request)
  const link = linkOf({ driver, options })
  // The containers of a macvlan or ipvlan network live in a network that the host is in already: its routes are no obstacle.
  const config = asked.map(one => fillConfig(one, link === undefined ? surroundings : { ...surroundings, routes: [] }))
  if (hasIpv4 && !config.some(one => one.subnet.family === 4))
    config.unshift(pickConfig(defaultPools, surroundings, request.Name))
  if (hasIpv6 && !config.some(one => one.subnet.family === 6))
    config.push(pickConfig(defaultPools6, surroundings, request.Name))
  return {
    id: surroundings.id,
    name: request.Name,
    created: surroundings.created,
    driver,
    isInternal: request.Internal ?? false,
    isAttachable: request.Attachable ?? false,
    hasIpv4,
    hasIpv6,
    ipam: {
      Driver: request.IPAM?.Driver || 'default',
      ...(request.IPAM?.Options === undefined ? {} : { Options: request.IPAM.Options }),
      Config: config.map(one => one.view),
    },
    chosenFamilies: ([4, 6] as const).filter(family =>
      asked.some(one => parseCidr(one.Subnet ?? '')?.family === family),
    ),
    options,
    labels: request.Labels ?? {},
    bridge:
      link === undefined
        ? interfaceName(options[bridgeOptions.name] || `br-${surroundings.id.slice(0, 12)}`, 'bridge name')
        : parentName(link, options),
  }
}

function checkRequest(request: NetworkCreateRequest): void {
  if (request.Name.trim() === '') throw new BerthError('INVALID_ARGUMENT', 'invalid name: name is empty')
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(request.Name)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `invalid network name: ${JSON.stringify(request.Name)}: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    )
  }
  if (['bridge', 'host', 'none', 'default'].includes(request.Name)) {
    throw new BerthError('FORBIDDEN', `operation is not permitted on predefined ${request.Name} network `)
  }
  if (request.ConfigOnly === true || request.ConfigFrom?.Network) {
    throw new BerthError('NOT_IMPLEMENTED', 'config-only networks are not supported')
  }
  if (request.Scope === 'swarm')
    throw new BerthError('FORBIDDEN', 'cannot create a swarm scoped network when swarm is not active')
  if (request.Ingress === true) throw new BerthError('FORBIDDEN', 'Ingress network can only be global scope network')
  if (request.IPAM?.Driver && request.IPAM.Driver !== 'default')
    throw new BerthError('NOT_FOUND', `plugin "${request.IPAM.Driver}" not found`)
  checkBridgeOptions(request.Options ?? {})
}

/** Ranges of one network must not overlap. */
function checkDisjoint(configs: readonly IpamConfig[]): void {
  const subnets = configs.map(config => requireCidr(config.Subnet ?? '', 'subnet'))
  if (!subnets.some((one, i) => subnets.slice(i + 1).some(other => overlaps(one, other)))) return
  throw new BerthError('FORBIDDEN', 'invalid pool request: Pool overlaps with other one on this address space')
}

function driverOf(request: NetworkCreateRequest): 'bridge' | 'macvlan' | 'ipvlan' {
  const driver = request.Driver || 'bridge'
  if (driver === 'bridge' || driver === 'macvlan' || driver === 'ipvlan') return driver
  if (driver === 'host' || driver === 'null') {
    throw new BerthError('FORBIDDEN', `only one instance of "${driver}" network is allowed`)
  }
  throw new BerthError('NOT_FOUND', `plugin "${driver}" not found`)
}

/** The parent of a macvlan or ipvlan network, after a look at the mode. Whether it is there, netd knows. */
function parentName(
  link: { readonly driver: 'macvlan' | 'ipvlan'; readonly mode: string },
  options: Readonly<Record<string, string>>,
): string {
  const modes: readonly string[] = linkModes[link.driver]
  if (!modes.includes(link.mode)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `requested ${link.driver} mode '${link.mode}' is not valid, '${modes[0]}' mode is the ${link.driver} driver default`,
      { hint: `the modes are ${modes.join(', ')}` },
    )
  }
  const parent = options[linkOptions.parent]
  if (!parent) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `a ${link.driver} network needs the option parent: an interface of this host`,
      {
        hint: `driver_opts: {parent: eth0}, or docker network create -d ${link.driver} -o parent=eth0`,
      },
    )
  }
  return interfaceName(parent, 'parent')
}

function interfaceName(name: string, what: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(name)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `invalid ${what} "${name}": expected at most 15 letters, digits, ., _ or -`,
    )
  }
  return name
}

interface FilledConfig {
  readonly subnet: Cidr
  readonly view: IpamConfig
}

function fillConfig(config: IpamConfig, { networks, routes }: Surroundings): FilledConfig {
  const subnet = requireCidr(config.Subnet ?? '', 'subnet')
  const range = config.IPRange ? requireCidr(config.IPRange, 'ip-range') : undefined
  const other = networks.find(network => overlaps(network.subnet, subnet))
  if (other !== undefined) {
    throw new BerthError(
      'FORBIDDEN',
      `invalid pool request: Pool overlaps with other one on this address space: ${formatCidr(subnet)} overlaps network ${other.name} (${formatCidr(other.subnet)})`,
    )
  }
  // A route to the very subnet, or into it, would be cut by the bridge; a wider one (a VPN's 10.0.0.0/8) is the user's own choice to narrow.
  const route = routes.find(one => overlaps(one, subnet) && one.prefix >= subnet.prefix)
  if (route !== undefined) {
    throw new BerthError(
      'FORBIDDEN',
      `cannot create network: ${formatCidr(subnet)} overlaps ${formatCidr(route)}, which this host uses already`,
    )
  }
  const auxiliary = Object.values(config.AuxiliaryAddresses ?? {}).flatMap(text => parseAddress(text)?.value ?? [])
  const gateway = config.Gateway ? parseAddress(config.Gateway)?.value : defaultGateway(subnet, range, auxiliary)
  return { subnet, view: viewOf(subnet, gateway, config) }
}

function viewOf(subnet: Cidr, gateway: bigint | undefined, asked: IpamConfig): IpamConfig {
  return {
    Subnet: formatCidr(subnet),
    ...(asked.IPRange ? { IPRange: asked.IPRange } : {}),
    ...(gateway === undefined ? {} : { Gateway: formatAddress({ family: subnet.family, value: gateway }) }),
    ...(Object.keys(asked.AuxiliaryAddresses ?? {}).length > 0 ? { AuxiliaryAddresses: asked.AuxiliaryAddresses } : {}),
  }
}

function pickConfig(pools: readonly SubnetPool[], surroundings: Surroundings, name: string): FilledConfig {
  const taken = [...surroundings.networks.map(network => network.subnet), ...surroundings.routes]
  const subnet = allocateSubnet(pools, taken)
  if (subnet === undefined) {
    throw new BerthError('CONFLICT', `could not find an available, non-overlapping address pool for network ${name}`, {
      hint: 'give it a subnet: ipam.config[].subnet, or docker network create --subnet',
    })
  }
  return { subnet, view: viewOf(subnet, defaultGateway(subnet, undefined, []), {}) }
}

/** Subnets of a record, for `Surroundings.networks`. */
export function subnetsOf(record: NetworkRecord): Cidr[] {
  return (record.ipam.Config ?? []).flatMap(config => {
    const subnet = config.Subnet === undefined ? undefined : parseCidr(config.Subnet)
    return subnet === undefined ? [] : [subnet]
  })
}
