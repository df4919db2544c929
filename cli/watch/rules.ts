import { relative } from 'node:path'
import { BerthError } from '../../schemas/errors.ts'
import type { Project } from '../model/project.ts'
import { alwaysIgnored, type PathTest, pathTest } from './pattern.ts'

export type WatchAction = 'sync' | 'rebuild' | 'restart' | 'sync+restart' | 'sync+exec'

/** One entry of `develop.watch`. */
export interface WatchRule {
  readonly service: string
  /** Absolute path of a file or folder of this machine. */
  readonly path: string
  readonly action: WatchAction
  /** Absolute path in the container; only for the sync actions. */
  readonly target: string | undefined
  readonly exec: { readonly command: readonly string[]; readonly user: string; readonly workingDir: string } | undefined
  readonly initialSync: boolean
  /** Paths relative to `path` that are left alone. */
  readonly isIgnored: PathTest
  /** Files that it is about, where it names some. */
  readonly isIncluded: PathTest
}

/**
 * The rules of the services (none named: of all that have some). `dockerignore` gives the text of the .dockerignore beside a build context. Throws NOT_FOUND
 * when nothing is to be watched, in Compose's words.
 */
export function watchRules(
  project: Project,
  services: readonly string[],
  dockerignore: (contextFolder: string) => string | undefined,
): readonly WatchRule[] {
  const names = services.length > 0 ? services : Object.keys(project.services)
  const rules = names.flatMap(service => rulesOf(project, service, dockerignore))
  if (rules.length > 0) return rules
  throw new BerthError(
    'NOT_FOUND',
    "none of the selected services is configured for watch, consider setting a 'develop' section",
    { hint: 'e.g. develop: {watch: [{path: ./src, action: sync, target: /app/src}]}' },
  )
}

interface RawRule {
  readonly path?: string
  readonly action?: WatchAction
  readonly target?: string
  readonly ignore?: readonly string[]
  readonly include?: readonly string[]
  readonly initial_sync?: boolean
  /** Its name while it was an experiment. */
  readonly 'x-initialSync'?: boolean
  readonly exec?: { readonly command?: readonly string[]; readonly user?: string; readonly working_dir?: string }
}

/** What the canonical tree has for a service: the loader has checked it against the schema. */
interface RawService {
  readonly develop?: { readonly watch?: readonly RawRule[] }
  readonly build?: { readonly context?: string }
}

function rulesOf(
  project: Project,
  service: string,
  dockerignore: (contextFolder: string) => string | undefined,
): readonly WatchRule[] {
  const services = project.canonical['services'] as Readonly<Record<string, RawService>> | undefined
  const { develop, build } = services?.[service] ?? {}
  const context = build?.context
  const text = context === undefined ? undefined : dockerignore(context)
  const isOutOfContext = pathTest(text?.split('\n') ?? [])
  return (develop?.watch ?? []).flatMap(({ path, action, target, ignore = [], include = [], exec, ...more }) => {
    if (path === undefined || action === undefined) return []
    const [ignored, included] = [pathTest([...alwaysIgnored, ...ignore]), pathTest(include)]
    const isIgnored: PathTest = below =>
      ignored(below) || (context !== undefined && isOutOfContext(relative(context, `${path}/${below}`)))
    return [
      {
        service,
        path,
        action,
        target,
        exec: exec && {
          command: exec.command ?? [],
          user: exec.user ?? '',
          workingDir: exec.working_dir ?? '',
        },
        initialSync: more.initial_sync === true || more['x-initialSync'] === true,
        isIgnored,
        isIncluded: below => include.length === 0 || included(below),
      },
    ]
  })
}
