import type { Project } from '../model/project.ts'
import type { Context } from './context.ts'

/** The stack that a command is about: its name always, its file only where there is one to read. */
export interface StackTarget {
  readonly name: string
  readonly project: Project | undefined
}

/**
 * Finds the stack for commands that need no more than its name. With `-p` (or COMPOSE_PROJECT_NAME) and no `-f` the file is not read at all: that is faster
 * and works where no file is, since the engine's labels say what belongs to the stack.
 */
export async function findStack(context: Context, services: readonly string[] = []): Promise<StackTarget> {
  const { globals, env } = context
  const name = globals.projectName ?? (env.COMPOSE_PROJECT_NAME || undefined)
  const hasFile = globals.file.length > 0 || Boolean(env.COMPOSE_FILE)
  if (name !== undefined && !hasFile) return { name, project: undefined }
  const { loadStack, requireServices } = await import('./load-stack.ts')
  const { project } = await loadStack(context, { services })
  requireServices(project, services)
  return { name: project.name, project }
}
