import { dirname, join } from 'node:path'
import { absolutePath } from './env/project-environment.ts'
import type { StackFileSystem } from './load-options.ts'
import type { Problems } from './problems.ts'
import { isRemote } from './remote-files.ts'

/** Names by rank; the first that exists wins. `stack.yaml` is Berth's own, the others are Compose's in its order. */
export const stackFileNames: readonly string[] = [
  'stack.yaml',
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
]
const stackOverrideNames = ['stack.override.yaml', 'stack.override.yml']
const composeOverrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/** Stack files named by `-f`, else by COMPOSE_FILE, as absolute paths; `-` and addresses stay. undefined = none is named. */
export function namedFiles(
  files: readonly string[] | undefined,
  environment: ReadonlyMap<string, string>,
  cwd: string,
): readonly string[] | undefined {
  const fromVariable = environment.get('COMPOSE_FILE')
  const separator = environment.get('COMPOSE_PATH_SEPARATOR') || ':'
  const named = files !== undefined && files.length > 0 ? files : fromVariable ? fromVariable.split(separator) : []
  if (named.length === 0) return undefined
  return named.map(path => (path === '-' || isRemote(path) ? path : absolutePath(cwd, path)))
}

/** The stack file of a folder or of the nearest folder above that has one, with its override file; [] if there is none. */
export function findFiles(start: string, fs: StackFileSystem, problems: Problems): readonly string[] {
  for (let folder = start; ; folder = dirname(folder)) {
    const main = existing(stackFileNames, folder, fs)
    const [winner] = main
    if (winner !== undefined) {
      warnIfSeveral(main, 'stack files', problems)
      const isStack = winner === join(folder, 'stack.yaml')
      const overrides = existing(isStack ? stackOverrideNames : composeOverrideNames, folder, fs)
      warnIfSeveral(overrides, 'override files', problems)
      return [winner, ...overrides.slice(0, 1)]
    }
    if (dirname(folder) === folder) return []
  }
}

function existing(names: readonly string[], folder: string, fs: StackFileSystem): readonly string[] {
  return names.map(name => join(folder, name)).filter(path => fs.stat(path)?.isFile === true)
}

function warnIfSeveral(paths: readonly string[], what: string, problems: Problems): void {
  const [winner, ...others] = paths
  if (winner === undefined || others.length === 0) return
  problems.warn({
    code: 'several-files',
    message: `there are several ${what} here; ${winner} is used, not ${others.join(', ')}`,
    hint: 'name the one that you mean with -f',
  })
}
