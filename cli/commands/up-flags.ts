import type { Command } from 'commander'
import { BerthError } from '../../schemas/errors.ts'
import type { UpOptions } from '../apply/use-cases.ts'
import type { LoadedStack } from '../load/load-options.ts'
import type { Project } from '../model/project.ts'
import { choice, collect, integer } from '../session/globals.ts'
import { requireServices } from '../session/load-stack.ts'
import { orphanChoice } from '../session/orphan-choice.ts'

/** Flags that decide what `up` does, and so what `plan` shows. */
export interface PlanUpFlags {
  readonly alwaysRecreateDeps?: true
  readonly deps: boolean
  readonly forceRecreate?: true
  readonly pull?: NonNullable<UpOptions['pull']>
  /** commander's names: `--no-recreate` and `--no-start` make these false. */
  readonly recreate: boolean
  readonly start: boolean
  readonly removeOrphans?: true
  readonly renewAnonVolumes?: true
  readonly scale: readonly string[]
  readonly timeout?: number
}

export function addUpFlags(command: Command): Command {
  return command
    .option('--scale <SERVICE=n>', 'number of containers of a service; may be repeated', collect, [])
    .option('--force-recreate', 'make containers anew even if nothing has changed')
    .option('--no-recreate', 'leave containers that exist as they are')
    .option('--always-recreate-deps', 'make containers of dependencies anew too')
    .option('-V, --renew-anon-volumes', "new anonymous volumes in place of the old containers' ones")
    .option('--no-deps', 'not the services that the named ones depend on')
    .option('--no-start', 'create the containers, and do not start them')
    .option('--remove-orphans', 'remove containers of services that the file no longer has')
    .addOption(choice('--pull <when>', 'when to pull images', ['always', 'missing', 'never', 'policy']))
    .option('-t, --timeout <seconds>', 'how long a container may take to stop before it is killed', integer(0))
}

/** Flags of commands that make containers, beside those that decide which. */
export interface MakeFlags {
  readonly build?: boolean
  readonly quietPull?: true
  readonly quietBuild?: true
  readonly yes?: true
}

export function addMakeFlags(command: Command): Command {
  return command
    .option('--build', 'build images first')
    .option('--no-build', 'never build an image')
    .option('--quiet-pull', 'no progress of pulls')
    .option('--quiet-build', 'no output of builds')
    .option('-y, --yes', 'answer every question with yes (none is asked)')
}

/** What of the making is not shown. */
export const makeChoices = (flags: MakeFlags): { readonly isPullQuiet: boolean; readonly isBuildQuiet: boolean } => ({
  isPullQuiet: flags.quietPull ?? false,
  isBuildQuiet: flags.quietBuild ?? false,
})

export function upOptions(
  { project, environment }: Pick<LoadedStack, 'environment'> & { readonly project: Project },
  services: readonly string[],
  flags: PlanUpFlags & Pick<MakeFlags, 'build'>,
): UpOptions {
  if (flags.forceRecreate && !flags.recreate) throw conflict('--force-recreate', '--no-recreate')
  const { timeout, pull } = flags
  return {
    services,
    noDeps: !flags.deps,
    recreate: flags.forceRecreate ? 'force' : flags.recreate ? 'diverged' : 'never',
    alwaysRecreateDeps: flags.alwaysRecreateDeps ?? false,
    renewAnonVolumes: flags.renewAnonVolumes ?? false,
    ...orphanChoice(environment, flags.removeOrphans),
    scale: parseScale(project, flags.scale),
    noStart: !flags.start,
    ...(timeout === undefined ? {} : { stopTimeoutSeconds: timeout }),
    ...(pull === undefined ? {} : { pull }),
    ...(flags.build === undefined ? {} : { build: flags.build ? ('always' as const) : ('never' as const) }),
  }
}

export function conflict(a: string, b: string): BerthError {
  return new BerthError('USAGE', `${a} and ${b} cannot be combined`)
}

/** `web=3` of --scale and of `berth scale`. */
export function parseScale(project: Project, entries: readonly string[]): Readonly<Record<string, number>> {
  const scale: Record<string, number> = {}
  for (const entry of entries) {
    const [, service = '', number = ''] = entry.match(/^([^=]+)=(\d+)$/) ?? []
    if (service === '') {
      throw new BerthError('USAGE', `cannot read the scale "${entry}"`, {
        hint: 'expected SERVICE=number, e.g. web=3',
      })
    }
    requireServices(project, [service])
    scale[service] = Number(number)
  }
  return scale
}
