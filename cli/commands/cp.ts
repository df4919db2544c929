import { BerthError } from '../../schemas/errors.ts'
import { parsePlace } from '../copy/place.ts'
import { connect } from '../session/connect.ts'
import { copy, neitherIsContainer } from '../session/copy.ts'
import { integer } from '../session/globals.ts'
import { numberOf, stackContainers } from '../session/stack-containers.ts'
import { findStack } from '../session/stack-target.ts'
import { defineCommand } from './definition.ts'

interface CpFlags {
  readonly all?: true
  readonly archive?: true
  readonly followLink?: true
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
