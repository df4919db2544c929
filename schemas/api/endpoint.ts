import * as z from 'zod/mini'
import { field, integer, text, textMap, texts } from './field.ts'

/** A container's place in one network: the members that a client may ask for, then those that the engine fills in. */
export const endpointSettings = z.object({
  IPAMConfig: field(z.object({ IPv4Address: field(text), IPv6Address: field(text), LinkLocalIPs: field(texts) })),
  Links: field(texts),
  MacAddress: field(text),
  Aliases: field(texts),
  DriverOpts: field(textMap),
  GwPriority: field(integer),
  NetworkID: field(text),
  EndpointID: field(text),
  Gateway: field(text),
  IPAddress: field(text),
  IPPrefixLen: field(integer),
  IPv6Gateway: field(text),
  GlobalIPv6Address: field(text),
  GlobalIPv6PrefixLen: field(integer),
  DNSNames: field(texts),
})

export const networkingConfig = z.object({
  EndpointsConfig: field(
    z.record(
      z.string(),
      z.pipe(
        z.nullable(endpointSettings),
        z.transform((settings: z.output<typeof endpointSettings> | null) => settings ?? {}),
      ),
    ),
  ),
})

/** The same as an engine tells it: `null` for what nobody set. */
export type EndpointView = { readonly [Member in keyof EndpointSettings]: EndpointSettings[Member] | null }
export type EndpointSettings = z.output<typeof endpointSettings>
export type NetworkingConfig = z.output<typeof networkingConfig>
