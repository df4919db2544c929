import { join } from 'node:path'
import { defaultDataRoot, defaultRunDir, pidFileName, socketFileName } from '../../schemas/daemon/launch.ts'

/** Where one daemon lives. */
export interface DaemonPlaces {
  readonly runDir: string
  readonly dataRoot: string
  readonly socket: string
  readonly pidFile: string
  readonly logFile: string
}

export interface PlaceChoices {
  readonly runDir?: string | undefined
  readonly dataRoot?: string | undefined
}

/** Flags win over BERTH_RUN_DIR and BERTH_DATA_ROOT, which win over the system's places. */
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
  }
}
