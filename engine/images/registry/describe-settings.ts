import type { RegistrySettings } from './settings.ts'

/** Where a login without an address goes; clients key their Docker Hub credentials by it. */
export const indexServerAddress = 'https://index.docker.io/v1/'

/** `RegistryConfig` of GET /info, as dockerd 28 fills it. */
export function describeRegistries({ insecure, mirrors }: RegistrySettings) {
  const isNetwork = (entry: string): boolean => entry.includes('/')
  const withSlash = mirrors.map(mirror => (mirror.endsWith('/') ? mirror : `${mirror}/`))
  const insecureHosts = insecure.filter(entry => !isNetwork(entry))
  return {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...insecure.filter(isNetwork)],
    IndexConfigs: {
      'docker.io': { Name: 'docker.io', Mirrors: withSlash, Secure: true, Official: true },
      ...Object.fromEntries(
        insecureHosts.map(host => [host, { Name: host, Mirrors: [], Secure: false, Official: false }]),
      ),
    },
    Mirrors: withSlash.length === 0 ? null : withSlash,
  }
}
