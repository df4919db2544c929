import { type AuthConfig, DockerConfig } from './docker-config.ts'
import { serverOfReference } from './registry-name.ts'

/** `X-Registry-Auth` for an image's registry; undefined when the user never logged in there. */
export async function registryAuth(
  env: Readonly<Record<string, string | undefined>>,
  reference: string,
): Promise<string | undefined> {
  const config = await DockerConfig.read(env)
  const found = await config.find(serverOfReference(reference))
  return found === undefined ? undefined : encodeAuth(found)
}

/** Base64 in the alphabet of URLs, as docker sends it. */
export function encodeAuth(config: AuthConfig): string {
  return Buffer.from(JSON.stringify(config)).toString('base64url')
}
