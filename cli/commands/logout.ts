import { DockerConfig } from '../registry/docker-config.ts'
import { hostOf, serverOf } from '../registry/registry-name.ts'
import { print } from '../session/context.ts'
import { defineCommand } from './definition.ts'

export const logout = defineCommand<object>({
  configure: command => command.argument('[SERVER]', 'registry (default: Docker Hub)'),
  details: 'Forgets the credentials of ~/.docker/config.json, or of the credential helper that it names.',
  async run(context, [address = '']) {
    const server = serverOf(address)
    const config = await DockerConfig.read(context.env)
    const isKnown = await config.erase(server)
    print(
      context,
      isKnown ? `Removing login credentials for ${hostOf(server)}\n` : `Not logged in to ${hostOf(server)}\n`,
    )
    return 0
  },
})
