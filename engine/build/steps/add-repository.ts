import { BerthError } from '../../../schemas/errors.ts'
import { dockerfileError } from '../dockerfile/dockerfile-error.ts'
import type { CopyInstruction, Instruction } from '../dockerfile/instruction.ts'
import { fetchGit, folderOfRepository } from '../remote/fetch-git.ts'
import type { GitUrl } from '../remote/git-url.ts'
import { type Found, findSources } from './copy-sources.ts'
import type { CopyEnvironment } from './copy-step.ts'

/** ADD of a git repository: its files as they were at one commit, without `.git` unless `--keep-git-dir` is said. */
export async function addRepository(
  { workspace, agent, signal }: CopyEnvironment,
  instruction: Instruction & CopyInstruction,
  url: GitUrl,
): Promise<readonly Found[]> {
  const target = await workspace.folder('git')
  const { checksum, keepsGitDir, position } = instruction
  const commit = await fetchGit(url, target, { agent, keepsGitDir, signal }).catch((error: unknown) => {
    if (!(error instanceof BerthError) || error.code !== 'INVALID_ARGUMENT') throw error
    throw dockerfileError(position, 'ADD', `${url.remote}: ${error.message}`)
  })
  const wanted = checksum?.replace(/^sha(1|256):/, '')
  if (wanted !== undefined && (wanted.length < 7 || !commit.startsWith(wanted)))
    throw dockerfileError(position, 'ADD', `${url.remote}: expected commit ${checksum}, found ${commit}`)
  const folder = await folderOfRepository(target, url)
  return findSources(workspace, { lower: [folder], identity: undefined, isContext: true, isHost: false }, '/', signal)
}
