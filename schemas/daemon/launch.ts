/**
 * How whoever starts berthd (`berth daemon start`, a test, a unit file) and berthd itself speak at start and stop.
 *
 * argv: `berthd.cjs [--data-root DIR] [--run-dir DIR] [--instance NAME] [--ready-fd N]`; defaults as below, BERTH_RUN_DIR and BERTH_DATA_ROOT
 * in the environment where no flag is given. With `--ready-fd N` berthd writes one `ReadyMessage` as a JSON line to that descriptor as soon as the
 * socket accepts connections, and closes it. A descriptor that closes without a line means that berthd died; its log says why.
 *
 * While it runs, `<run-dir>/berthd.pid` holds the same `ReadyMessage`; berthd removes the file as the last thing of a clean stop.
 * SIGTERM stops the daemon and leaves the containers running.
 */
export interface ReadyMessage {
  readonly pid: number
  readonly version: string
  readonly socket: string
  readonly runDir: string
  readonly dataRoot: string
}

export const defaultRunDir = '/run/berth'
export const defaultDataRoot = '/var/lib/berth'
export const pidFileName = 'berthd.pid'
export const socketFileName = 'berth.sock'
