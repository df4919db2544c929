import { join } from 'node:path'
import { defaultDataRoot, defaultRunDir, pidFileName, socketFileName } from '../../schemas/daemon/launch.ts'

/** Where one daemon lives. */
export interface DaemonPlaces {
  readonly runDir: string
  readonly dataRoot: string
  readonly socket: string
  readonly pidFile: string
  readonly logFile: string
  /** Name for cgroups and firewall tables; undefined = the daemon's own default. */
  readonly instance: string | undefined
}

export interface PlaceChoices {
  readonly runDir?: string | undefined
  readonly dataRoot?: string | undefined
  readonly instance?: string | undefined
}

/** Flags win over BERTH_RUN_DIR, BERTH_DATA_ROOT and BERTH_INSTANCE, which win over the system's places. */
export function daemonPlaces(
  env: Readonly<Record<string, string | undefined>>,
  choices: PlaceChoices = {},
): DaemonPlaces {
  const runDir = choices.runDir ?? (env.BERTH_RUN_DIR || defaultRunDir)
  const dataRoot = choices.dataRoot ?? (env.BERTH_DATA_ROOT || defaultDataRoot)
  return {
    runDir,
    dataRoot,
    socket: join(runDir, socketFileName),
    pidFile: join(runDir, pidFileName),
    logFile: join(dataRoot, 'berthd.log'),
    instance: choices.instance ?? (env.BERTH_INSTANCE || undefined),
  }
}
