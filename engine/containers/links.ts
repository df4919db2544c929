import { parseLink } from '../networks/links.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { linkEnvironment } from './link-environment.ts'

export interface LinkFacts {
  /** Variables, without those that the container sets itself. */
  readonly environment: readonly string[]
  /** Lines of /etc/hosts. */
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[]
}

/** What a container in the default network is told of its links at a start, when their targets run. */
export function linkFacts(context: ContainerContext, { record }: Container): LinkFacts {
  if (record.hostConfig.NetworkMode !== 'bridge') return { environment: [], hosts: [] }
  const own = new Set((record.config.Env ?? []).map(entry => entry.split('=')[0]))
  const targets = (record.hostConfig.Links ?? []).map(parseLink).map(({ container, alias }) => {
    const { id, name, config } = context.registry.get(container).record
    return { alias, name, config, address: context.networks.settings(id).IPAddress }
  })
  return {
    environment: targets
      .flatMap(({ alias, config, address }) =>
        linkEnvironment(record.name, {
          alias,
          address,
          exposedPorts: Object.keys(config.ExposedPorts ?? {}),
          environment: config.Env ?? [],
        }),
      )
      .filter(entry => !own.has(entry.split('=')[0] ?? '')),
    hosts: targets.map(({ alias, name, config, address }) => ({
      address,
      names: [...new Set([alias, config.Hostname ?? '', name])].filter(text => text !== ''),
    })),
  }
}

/** HostConfig.Links as inspect shows it: `/db:/web/store`. */
export function describeLinks({ record }: Container): string[] | undefined {
  return record.hostConfig.Links?.map(parseLink)
    .map(({ container, alias }) => `/${container}:/${record.name}/${alias}`)
    .sort()
}
