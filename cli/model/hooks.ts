import { attributes, list, mapValues, text, texts } from './attributes.ts'
import type { Hook } from './project.ts'

/** `post_start` and `pre_stop`: commands run inside the container right after its start and right before its stop. */
export function hooks(value: unknown): readonly Hook[] {
  return list(value).map(each => {
    const { command, user, privileged, working_dir: workingDir, environment } = attributes(each)
    return {
      command: texts(command),
      user: text(user),
      isPrivileged: privileged === true,
      workingDir: text(workingDir),
      environment: mapValues(environment, variable => (variable === null ? null : String(variable))),
    }
  })
}
