import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { copyIn, copyStreamIn } from '../copy/copy-in.ts'
import { copyOut, copyOutStream } from '../copy/copy-out.ts'
import type { Place } from '../copy/place.ts'
import type { Context } from './context.ts'
import { writeArchive } from './write-archive.ts'

/** Copies between the first place and the second; exactly one of them is in a container, `ids` says in which (several for a copy into a service). */
export async function copy(
  context: Context,
  client: EngineClient,
  ids: readonly string[],
  from: Place,
  to: Place,
  { archive = false, followLink = false }: { readonly archive?: boolean; readonly followLink?: boolean },
): Promise<void> {
  const options = { keepsOwner: archive, followsLink: followLink, cwd: context.cwd, signal: context.signal }
  const [first = ''] = ids
  if (from.kind === 'container') {
    if (to.kind === 'container')
      throw new BerthError('USAGE', 'copying between containers is not supported', {
        hint: 'copy to a folder here first, or pipe: berth cp a:/path - | berth cp - b:/path',
      })
    if (to.kind === 'stream')
      return writeArchive(context, undefined, () => copyOutStream(client, first, from.path, { signal: context.signal }))
    return copyOut(client, first, from.path, to.path, options)
  }
  if (to.kind !== 'container') throw neitherIsContainer('CONTAINER:path')
  if (from.kind === 'stream') {
    if (ids.length > 1)
      throw new BerthError('USAGE', 'standard input can be copied to one container only', { hint: 'add --index' })
    return copyStreamIn(client, context.stdin(), first, to.path, options)
  }
  for (const id of ids) await copyIn(client, from.path, id, to.path, options)
}

export function neitherIsContainer(expected: string): BerthError {
  return new BerthError('USAGE', `expected one place of the form ${expected}`, {
    hint: 'e.g. berth cp web:/etc/hosts . or berth cp ./file web:/tmp',
  })
}
