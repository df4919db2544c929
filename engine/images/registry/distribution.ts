import { digestOf } from '../blobs.ts'
import { parseByMembers, parseImageDocument } from '../documents.ts'
import type { Platform } from '../oci.ts'
import { familiarName, type Reference, withDefaultTag } from '../reference.ts'
import { RegistryClient } from './client.ts'
import type { Credentials } from './credentials.ts'
import { endpointsOf } from './endpoint.ts'
import { tryEndpoints } from './fall-through.ts'
import type { RegistrySettings } from './settings.ts'

/** GET /distribution/{name}/json */
export interface DistributionInspect {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number }
  readonly Platforms: readonly Platform[]
}

export interface DistributionOptions {
  readonly settings: RegistrySettings
  readonly credentials: Credentials | undefined
  readonly signal: AbortSignal
}

/** What a registry has under a name, without pulling it: the manifest's descriptor and the platforms that there are images for. */
export async function inspectDistribution(
  wanted: Reference,
  options: DistributionOptions,
): Promise<DistributionInspect> {
  const reference = withDefaultTag(wanted)
  const { settings, signal } = options
  const endpoints = await endpointsOf(reference.domain, 'pull', settings)
  return tryEndpoints(endpoints, signal, endpoint => {
    // Passwords are for the registry that they were given for, not for its mirrors.
    const credentials = endpoint.isMirror ? undefined : options.credentials
    return inspectAt(new RegistryClient({ reference, endpoint, credentials, settings }), reference, signal)
  })
}

async function inspectAt(
  client: RegistryClient,
  reference: Reference,
  signal: AbortSignal,
): Promise<DistributionInspect> {
  const { content, mediaType } = await client.manifest(reference.digest ?? reference.tag ?? 'latest', signal)
  const document = parseByMembers(content, mediaType, familiarName(reference))
  const Descriptor = { mediaType, digest: digestOf(content), size: content.length }
  if (document.kind === 'index') {
    const platforms = document.index.manifests.flatMap(({ platform }) => (platform ? [platform] : []))
    return { Descriptor, Platforms: platforms }
  }
  const { architecture, os, variant } = parseImageDocument(
    await client.document(document.manifest.config.digest, signal),
  )
  return { Descriptor, Platforms: [{ architecture, os, ...(variant === undefined ? {} : { variant }) }] }
}
