import { BerthError } from '../../schemas/errors.ts'
import { isTrue } from '../load/env/project-environment.ts'

export interface OrphanChoice {
  readonly removeOrphans: boolean
  readonly ignoreOrphans: boolean
}

/** `--remove-orphans`, COMPOSE_REMOVE_ORPHANS and COMPOSE_IGNORE_ORPHANS. `environment` is what interpolation sees: `.env` counts too. */
export function orphanChoice(
  environment: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): OrphanChoice {
  const ignoreOrphans = isTrue(environment['COMPOSE_IGNORE_ORPHANS'])
  if (ignoreOrphans && flag === true)
    throw new BerthError('USAGE', 'cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans')
  return { removeOrphans: flag ?? isTrue(environment['COMPOSE_REMOVE_ORPHANS']), ignoreOrphans }
}
