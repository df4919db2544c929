import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { promisify } from 'node:util'

/** BuildKit of a peer: its docker-buildx program, on the dockerd of BERTH_PEER_HOST. Undefined where none was given. */
export const buildx = process.env['BERTH_PEER_BUILDX']

/** Builds with BuildKit; answers what it printed. Rejects with its words. */
export async function buildWithBuildKit(folder: string, args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    DOCKER_HOST: process.env['BERTH_PEER_HOST'],
    BUILDX_CONFIG: `${folder}/.buildx`,
  }
  const { stderr } = await promisify(execFile)(buildx ?? '', ['build', '--progress', 'plain', ...args], {
    env,
    cwd: folder,
    maxBuffer: 1 << 26,
  })
  return stderr
}

/** Builds `folder`/context into an image of the dockerd; answers its file tree as BuildKit itself writes it. */
export async function treeFromBuildKit(
  folder: string,
  name: string,
  args: readonly string[],
): Promise<AsyncIterable<Buffer>> {
  const path = `${folder}/tree.tar`
  await buildWithBuildKit(folder, [
    ...args,
    '--output',
    `type=tar,dest=${path}`,
    '--output',
    'type=docker',
    '-t',
    name,
    'context',
  ])
  return createReadStream(path) as AsyncIterable<Buffer>
}
