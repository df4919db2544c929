import { isAbsolute, join } from 'node:path'
import type { StackFileSystem } from '../load-options.ts'
import type { Problems } from '../problems.ts'
import { decodeText, fileProblem } from '../read-text.ts'
import type { Mark } from '../yaml/node.ts'
import { SourceFile } from '../yaml/source-file.ts'
import { parseDotenv } from './dotenv.ts'

/** Adds the variables of env files to `environment` without touching what is there: the caller's environment always wins, a later file beats an earlier. */
export function addEnvFiles(
  environment: Map<string, string>,
  paths: readonly string[],
  fs: StackFileSystem,
  problems: Problems,
  from?: Mark,
): void {
  const fromFiles = new Map<string, string>()
  for (const path of paths) {
    const variables = readEnvFile(path, name => environment.get(name) ?? fromFiles.get(name), fs, problems, from)
    for (const [name, value] of variables) fromFiles.set(name, value)
  }
  for (const [name, value] of fromFiles) if (!environment.has(name)) environment.set(name, value)
}

/** Which env files apply: those named by the caller or COMPOSE_ENV_FILES, else `.env` of the folder if there is one. */
export function envFilePaths(
  named: readonly string[] | undefined,
  environment: ReadonlyMap<string, string>,
  cwd: string,
  projectDirectory: string,
  fs: StackFileSystem,
): { readonly paths: readonly string[]; readonly isNamed: boolean } {
  const fromVariable = environment.get('COMPOSE_ENV_FILES')
  const list = named !== undefined && named.length > 0 ? named : (fromVariable ?? '').split(',').filter(Boolean)
  if (list.length > 0) return { paths: list.map(path => absolutePath(cwd, path)), isNamed: true }
  if (isTrue(environment.get('COMPOSE_DISABLE_ENV_FILE'))) return { paths: [], isNamed: false }
  const path = join(projectDirectory, '.env')
  return { paths: fs.stat(path)?.isFile === true ? [path] : [], isNamed: false }
}

function readEnvFile(
  path: string,
  lookup: (name: string) => string | undefined,
  fs: StackFileSystem,
  problems: Problems,
  from: Mark | undefined,
): ReadonlyMap<string, string> {
  try {
    const text = decodeText(fs.readFile(path))
    const parsed = parseDotenv(text, { lookup })
    if (parsed.ok) return parsed.variables
    problems.error({
      code: 'env-file',
      message: `${path}, line ${parsed.line}: ${parsed.message}`,
      mark: markOfLine(path, text, parsed.line),
    })
  } catch (error) {
    problems.error({ ...fileProblem(error, path, 'the env file'), mark: from })
  }
  return new Map()
}

/** Place of a line in an env file, so that its errors have a frame too. */
export function markOfLine(path: string, text: string, line: number): { source: SourceFile; offset: number } {
  const offset = text
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, each) => sum + each.length + 1, 0)
  return { source: new SourceFile(path, text, { baseDir: '/', projectDir: '/', env: new Map() }), offset }
}

/** Compose's words for yes in variables such as COMPOSE_IGNORE_ORPHANS. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'true'].includes(value.toLowerCase())
}

export function absolutePath(base: string, path: string): string {
  return isAbsolute(path) ? path : join(base, path)
}
