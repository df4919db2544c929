import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'

/** Where docker's command line has its plugins, beside the folder of its configuration. */
const pluginFolders = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
]

/** The program that a type means: a plugin `docker-TYPE` of docker's, else `TYPE` on the path. Throws NOT_FOUND with the places. */
export async function findProvider(type: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (type === 'compose') throw new BerthError('INVALID_ARGUMENT', "'compose' is not a valid provider type")
  const config = env['DOCKER_CONFIG'] || join(env['HOME'] ?? '/', '.docker')
  const plugins = [join(config, 'cli-plugins'), ...pluginFolders].map(folder => join(folder, `docker-${type}`))
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map(folder => join(folder, type))
  // A type is a name and no path: what it means is looked up, never taken from beside the stack file.
  for (const candidate of type.includes('/') ? [] : [...plugins, ...onPath])
    if (await isProgram(candidate)) return candidate
  throw new BerthError(
    'NOT_FOUND',
    `there is no program "${type}" on the path, and no docker plugin "docker-${type}"`,
    {
      hint: `install the provider "${type}"`,
    },
  )
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
