import { BerthError } from '../../schemas/errors.ts'
import type { NetworkRequest } from './attachments.ts'
import type { EndpointWish } from './endpoints.ts'

/** `db:store` -> the container db is `store`; `db` -> it keeps its name. Throws INVALID_ARGUMENT in the docker CLI's words. */
export function parseLink(text: string): { readonly container: string; readonly alias: string } {
  const [container = '', alias = container, ...rest] = text.replace(/^\//, '').split(':')
  if (container === '' || alias === '' || rest.length > 0) {
    throw new BerthError('INVALID_ARGUMENT', `bad format for links: ${text}: expected container or container:alias`)
  }
  // Daemons show links as /container:/owner/alias, and clients send back what they were shown.
  return { container, alias: alias.split('/').at(-1) ?? alias }
}

/**
 * Names that one container alone resolves in one network: the endpoint's links (compose's `links` and `external_links`), and in the default network
 * those of the container (`docker run --link`). Nothing when there are none.
 */
export function linksOf(
  request: Pick<NetworkRequest, 'links'>,
  { network, settings }: EndpointWish,
): { readonly links?: Readonly<Record<string, string>> } {
  const texts = [...(network.name === 'bridge' ? (request.links ?? []) : []), ...(settings.Links ?? [])]
  if (texts.length === 0) return {}
  return {
    links: Object.fromEntries(
      texts.map(text => parseLink(text)).map(({ alias, container }) => [alias, nameOf(container)]),
    ),
  }
}

/** A container's names in a network are its name and the short form of its id. */
const nameOf = (container: string): string => (/^[0-9a-f]{64}$/.test(container) ? container.slice(0, 12) : container)
