import type { Project } from '../model/project.ts'
import type { Context } from './context.ts'

/** The stack that a command is about: its name always, its file only where there is one to read. */
export interface StackTarget {
  readonly name: string
  readonly project: Project | undefined
}

export interface FoundStack extends StackTarget {
  /** The caller's variables, and those of the env files where the stack was read. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Finds the stack for commands that need no more than its name. With `-p` (or COMPOSE_PROJECT_NAME) and no `-f` the file is not read at all: that is faster
 * and works where no file is, since the engine's labels say what belongs to the stack.
 */
export async function findStack(context: Context, services: readonly string[] = []): Promise<FoundStack> {
  const { globals, env } = context
  const name = globals.projectName ?? (env.COMPOSE_PROJECT_NAME || undefined)
  const hasFile = globals.file.length > 0 || Boolean(env.COMPOSE_FILE)
  if (name !== undefined && !hasFile) return { name, project: undefined, environment: env }
  const { loadStack, requireServices } = await import('./load-stack.ts')
  const { project, environment } = await loadStack(context, { services, noServiceFiles: true })
  requireServices(project, services)
  return { name: project.name, project, environment }
}
