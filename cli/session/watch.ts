import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import { up } from '../apply/up.ts'
import type { EngineClient } from '../client/engine-client.ts'
import { pruneImages } from '../client/prune.ts'
import { label } from '../model/labels.ts'
import type { Project } from '../model/project.ts'
import { sanitizeLine } from '../ui/sanitize.ts'
import { type WatchRule, watchRules } from '../watch/rules.ts'
import { runUseCase } from './apply.ts'
import type { Context } from './context.ts'
import { stackContainers } from './stack-containers.ts'

/** The rules of a stack. */
export function readWatchRules(project: Project, services: readonly string[]): readonly WatchRule[] {
  return watchRules(project, services, folder => {
    try {
      return readFileSync(join(folder, '.dockerignore'), 'utf8')
    } catch {
      return undefined
    }
  })
}

export interface WatchChoices {
  readonly isQuiet?: boolean
  /** Whether the images of the stack that a rebuild leaves without a name are removed. */
  readonly prunes?: boolean
}

/** Watches the files of a stack until the context's signal; says what it does on stderr. */
export async function watchStackFiles(
  context: Context,
  client: EngineClient,
  project: Project,
  rules: readonly WatchRule[],
  { isQuiet = false, prunes = false }: WatchChoices = {},
): Promise<void> {
  const { watchStack } = await import('../watch/watch-stack.ts')
  await watchStack(rules, {
    client,
    signal: context.signal,
    containersOf: async service => {
      const containers = await stackContainers(client, { name: project.name, project }, { services: [service] })
      return containers.map(container => container.Id)
    },
    rebuild: async service => {
      const options = { services: [service], noDeps: true, build: 'always' as const }
      const code = await runUseCase(context, client, { title: 'rebuild' }, apply => up(apply, project, options))
      if (code !== 0)
        throw new BerthError('INTERNAL', `${service} could not be rebuilt`, { hint: 'change a file to try again' })
      if (prunes) await pruneImages(client, { dangling: ['true'], label: [`${label.project}=${project.name}`] })
    },
    output: text => {
      if (!isQuiet) context.stdout.write(text)
    },
    log: line => {
      if (!isQuiet) context.stderr.write(`${sanitizeLine(line)}\n`)
    },
  })
}
