import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { fieldsOf } from '../plan/build-cache.ts'

/** `id=ID,src=FILE` or `id=ID,env=NAME`: contents by id. Throws USAGE. */
export async function readSecrets(
  texts: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Map<string, Buffer>> {
  const secrets = new Map<string, Buffer>()
  for (const text of texts) {
    const fields: Readonly<Record<string, string | undefined>> = fieldsOf(text)
    const { id, src = fields['source'], env: variable } = fields
    if (id === undefined || id === '')
      throw new BerthError('USAGE', `--secret ${text}: expected id=ID with src=FILE or env=NAME`)
    const value = variable === undefined ? undefined : env[variable]
    if (src === undefined && value === undefined)
      throw new BerthError('USAGE', `--secret ${text}: there is neither a file nor a variable that is set`)
    secrets.set(id, src === undefined ? Buffer.from(value ?? '') : await readFile(resolve(cwd, src)))
  }
  return secrets
}
