import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { BerthError } from '../../schemas/errors.ts'
import type { FileSource, Project, Service } from '../model/project.ts'
import { buildSecretKeys } from '../plan/builds.ts'
import type { FileDigests } from '../plan/spec.ts'

/** Content of the secrets and configs that the services use, as `secret:KEY` and `config:KEY`, and the digests that plans are made of. */
export interface StackFiles {
  readonly contents: ReadonlyMap<string, Buffer>
  readonly digests: FileDigests
}

/** Reads them all at once. Throws INVALID_STACK that names every one that cannot be had. What other services use is not looked at. */
export async function readStackFiles(project: Project, services: readonly Service[]): Promise<StackFiles> {
  const wanted = new Map<string, { readonly kind: 'secret' | 'config'; readonly source: FileSource | undefined }>()
  for (const service of services) {
    for (const { source } of service.secrets)
      wanted.set(`secret:${source}`, { kind: 'secret', source: project.secrets[source] })
    for (const source of buildSecretKeys(service.build))
      wanted.set(`secret:${source}`, { kind: 'secret', source: project.secrets[source] })
    for (const { source } of service.configs)
      wanted.set(`config:${source}`, { kind: 'config', source: project.configs[source] })
  }
  const contents = new Map<string, Buffer>()
  const digests: Record<string, string> = {}
  const problems: string[] = []
  await Promise.all(
    [...wanted].map(async ([key, { kind, source }]) => {
      const content = await contentOf(source)
      if (typeof content === 'string') {
        problems.push(`${kind} ${key.slice(kind.length + 1)}: ${content}${placeText(project, kind, key)}`)
        return
      }
      contents.set(key, content)
      digests[key] = createHash('sha256').update(content).digest('hex')
    }),
  )
  if (problems.length > 0) throw new BerthError('INVALID_STACK', problems.sort().join('\n'))
  return { contents, digests }
}

/** The content, or the sentence that says why there is none. */
async function contentOf(source: FileSource | undefined): Promise<Buffer | string> {
  switch (source?.kind) {
    case undefined:
      return 'is not declared in the stack file'
    case 'content':
      return Buffer.from(source.content)
    case 'environment':
      return source.value === undefined ? `the variable ${source.variable} is not set` : Buffer.from(source.value)
    case 'external':
      return 'is external, and an engine on one host has no store for it; give it a file, a variable or content'
    case 'file':
      try {
        return await readFile(source.path)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        return code === 'ENOENT'
          ? `the file ${source.path} does not exist`
          : `cannot read ${source.path} (${code ?? error})`
      }
    default:
      return source satisfies never
  }
}

function placeText(project: Project, kind: 'secret' | 'config', key: string): string {
  const position = project.positionOf(`${kind}s.${key.slice(kind.length + 1)}`)
  return position === undefined ? '' : ` (${position.file}:${position.line}:${position.column})`
}
