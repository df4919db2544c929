import { BerthError } from '../../schemas/errors.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { copyIn, copyStreamIn } from '../copy/copy-in.ts'
import { copyOut, copyOutStream } from '../copy/copy-out.ts'
import { type Place, parsePlace } from '../copy/place.ts'
import { connect } from '../session/connect.ts'
import type { Context } from '../session/context.ts'
import { integer } from '../session/globals.ts'
import { numberOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { writeArchive } from '../session/write-archive.ts'
import { defineCommand } from './definition.ts'

export interface CopyFlags {
  readonly archive?: true
  readonly followLink?: true
}

interface CpFlags extends CopyFlags {
  readonly all?: true
  readonly index?: number
}

export const cp = defineCommand<CpFlags>({
  configure: command =>
    command
      .argument('<SOURCE>', 'SERVICE:path, a path here, or - for an archive on standard input')
      .argument('<DESTINATION>', 'a path here, SERVICE:path, or - for an archive on standard output')
      .option('--all', 'containers of "berth run" too')
      .option('-a, --archive', 'keep owners as they are')
      .option('-L, --follow-link', 'copy what a link in SOURCE points to')
      .option('--index <number>', 'which container, if the service has several', integer(1)),
  details:
    'A destination that is a folder gets the copy inside it; SOURCE/. stands for what is in a folder. Into a service with several containers it copies ' +
    'to each of them, unless --index picks one.',
  examples: [
    { line: 'berth cp web:/etc/nginx/nginx.conf .', means: 'a file out of a container' },
    { line: 'berth cp ./site/. web:/srv', means: 'what is in a folder into a container' },
    { line: 'berth cp db:/var/lib/data - | tar t', means: 'an archive to another program' },
  ],
  async run(context, [source = '', destination = ''], flags) {
    const [from, to] = [parsePlace(source), parsePlace(destination)]
    const service = from.kind === 'container' ? from.name : to.kind === 'container' ? to.name : undefined
    if (service === undefined) throw neitherIsContainer('SERVICE:path')
    const stack = await findStack(context, [service])
    const client = await connect(context)
    const oneOff = flags.all === true
    const found = await stackContainers(client, stack, { services: [service], all: true, oneOff })
    const containers = found.filter(container => flags.index === undefined || numberOf(container) === flags.index)
    const [first] = containers
    if (!first)
      throw new BerthError('NOT_FOUND', `service "${service}" has no such container`, {
        hint: `make it with "berth create ${service}"`,
      })
    const ids = to.kind === 'container' && to.path !== '' ? containers.map(({ Id }) => Id) : [first.Id]
    await copy(context, client, ids, from, to, flags)
    return 0
  },
})

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
