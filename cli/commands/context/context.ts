import { BerthError } from '../../../schemas/errors.ts'
import type { ContextRow } from '../../../schemas/output/context.ts'
import { requestedHost } from '../../client/address.ts'
import { daemonPlaces } from '../../daemon/places.ts'
import type { Context } from '../../session/context.ts'
import { print } from '../../session/context.ts'
import { printInspected, printRows, rowFormat } from '../../session/print-rows.ts'
import { defineCommand } from '../definition.ts'

const onlyContext = 'default'

export const contextLs = defineCommand<{ readonly format: string; readonly quiet?: true }>({
  configure: command => command.addOption(rowFormat()).option('-q, --quiet', 'print names only'),
  examples: [{ line: 'berth context ls', means: 'which engine commands talk to, and why' }],
  async run(context, _args, { format, quiet }) {
    const row = contextRow(context)
    if (quiet) print(context, `${row.Name}\n`)
    else
      printRows(context, format, [row], {
        columns: [
          { title: 'NAME', value: each => `${each.Name}${each.Current ? ' *' : ''}` },
          { title: 'DESCRIPTION', value: each => each.Description },
          { title: 'DOCKER ENDPOINT', value: each => each.DockerEndpoint },
          { title: 'ERROR', value: each => each.Error },
        ],
        headers: {
          Name: 'NAME',
          Description: 'DESCRIPTION',
          DockerEndpoint: 'DOCKER ENDPOINT',
          Current: 'CURRENT',
          Error: 'ERROR',
        },
      })
    return 0
  },
})

export const contextShow = defineCommand({
  examples: [{ line: 'berth context show', means: 'always "default"' }],
  async run(context) {
    print(context, `${onlyContext}\n`)
    return 0
  },
})

export const contextInspect = defineCommand<{ readonly format?: string }>({
  configure: command =>
    command
      .argument('[CONTEXT...]', 'names (default: the one that is in use)')
      .option('-f, --format <how>', 'json, or a Go template such as "{{.Endpoints.docker.Host}}"'),
  examples: [{ line: `berth context inspect -f '{{.Endpoints.docker.Host}}'`, means: 'the address of the engine' }],
  async run(context, names, { format }) {
    for (const name of names) requireDefault(name)
    const { DockerEndpoint } = contextRow(context)
    const value = {
      Name: onlyContext,
      Metadata: {},
      Endpoints: { docker: { Host: DockerEndpoint, SkipTLSVerify: false } },
      TLSMaterial: {},
      Storage: { MetadataPath: '<IN MEMORY>', TLSPath: '<IN MEMORY>' },
    }
    printInspected(context, format, [value])
    return 0
  },
})

export const contextUse = defineCommand({
  configure: command => command.argument('<CONTEXT>', 'name'),
  examples: [{ line: 'berth context use default', means: 'the only one' }],
  async run(context, [name = '']) {
    requireDefault(name)
    print(context, `${onlyContext}\n`)
    return 0
  },
})

function contextRow({ globals, env }: Context): ContextRow {
  const asked = requestedHost(globals.host, env)
  const [, source] = [
    [globals.host, '--host'],
    [env['BERTH_HOST'], 'BERTH_HOST'],
    [env['DOCKER_HOST'], 'DOCKER_HOST'],
  ].find(([value]) => value !== undefined && value !== '') ?? [undefined, undefined]
  return {
    Name: onlyContext,
    Description: source === undefined ? 'the daemon of this machine' : `what ${source} says`,
    DockerEndpoint: asked ?? `unix://${daemonPlaces(env).socket}`,
    Current: true,
    Error: '',
  }
}

function requireDefault(name: string): void {
  if (name === onlyContext) return
  throw new BerthError('NOT_FOUND', `context "${name}" does not exist: Berth has one context, "${onlyContext}"`, {
    hint: 'name another engine with --host, or by BERTH_HOST in the environment',
  })
}
