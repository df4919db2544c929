import type { ExecCreateRequest } from '../../schemas/api/exec.ts'
import type { Hook, Project } from '../model/project.ts'
import { environmentList } from './container-body.ts'
import type { Op } from './plan.ts'

/** The ops with the hooks of their services: what runs after a start and before a stop. */
export function withHooks(ops: readonly Op[], project: Project | undefined): readonly Op[] {
  if (project === undefined) return ops
  const hooksOf = (service: string, moment: 'postStart' | 'preStop'): readonly ExecCreateRequest[] =>
    (project.services[service]?.[moment] ?? []).map(execRequest)
  return ops.map(op => {
    switch (op.kind) {
      case 'container.start':
        return withField(op, 'postStart', hooksOf(op.service, 'postStart'))
      case 'container.stop':
        return withField(op, 'preStop', hooksOf(op.service, 'preStop'))
      case 'container.remove':
        return op.isRunning ? withField(op, 'preStop', hooksOf(op.service, 'preStop')) : op
      case 'container.restart':
        return withField(
          withField(op, 'preStop', hooksOf(op.service, 'preStop')),
          'postStart',
          hooksOf(op.service, 'postStart'),
        )
      default:
        return op
    }
  })
}

function withField<Each extends Op>(
  op: Each,
  field: 'postStart' | 'preStop',
  hooks: readonly ExecCreateRequest[],
): Each {
  return hooks.length === 0 ? op : { ...op, [field]: hooks }
}

function execRequest(hook: Hook): ExecCreateRequest {
  return {
    Cmd: [...hook.command],
    Env: environmentList(hook.environment),
    AttachStdout: true,
    AttachStderr: true,
    ...(hook.isPrivileged && { Privileged: true }),
    ...(hook.user !== undefined && { User: hook.user }),
    ...(hook.workingDir !== undefined && { WorkingDir: hook.workingDir }),
  }
}
