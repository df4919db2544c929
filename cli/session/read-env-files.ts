import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { parseDotenv } from '../load/env/dotenv.ts'
import type { Context } from './context.ts'

/** Variables of env files, later ones over earlier ones; throws INVALID_ARGUMENT with file and line for what cannot be read. */
export async function readEnvFiles(
  { cwd, env }: Pick<Context, 'cwd' | 'env'>,
  paths: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const variables = new Map<string, string>()
  for (const path of paths) {
    const text = await readText(resolve(cwd, path))
    const parsed = parseDotenv(text, { lookup: name => variables.get(name) ?? env[name] })
    if (!parsed.ok)
      throw new BerthError('INVALID_ARGUMENT', `${path}:${parsed.line}: ${parsed.message}`, {
        hint: parsed.hint ?? 'expected lines such as NAME=value',
      })
    for (const [name, value] of parsed.variables) variables.set(name, value)
  }
  return Object.fromEntries(variables)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new BerthError('NOT_FOUND', `cannot read the env file ${path}`, { cause })
  }
}
