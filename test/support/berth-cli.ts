import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestDaemon } from './daemon.ts'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly uid?: number
}

/** A running command. */
export interface CliProcess {
  readonly kill: (signal: NodeJS.Signals) => void
  /** What it has written so far. */
  readonly output: () => string
  readonly result: Promise<CliResult>
}

/** The built command line in a folder of its own with a stack file, talking to a daemon of the test's own. */
export class BerthCli implements AsyncDisposable {
  readonly folder: string
  readonly #env: Readonly<Record<string, string>>

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder
    this.#env = env
  }

  /** `files` are written into the folder; the first command may follow at once. Its name is the stack's name. */
  static async open(daemon: TestDaemon, files: Readonly<Record<string, string>>): Promise<BerthCli> {
    const folder = await mkdtemp(join(tmpdir(), 'stack-'))
    const cli = new BerthCli(folder, { PATH: process.env['PATH'] ?? '', BERTH_HOST: `unix://${daemon.socket}` })
    for (const [name, text] of Object.entries(files)) await cli.write(name, text)
    return cli
  }

  /** The command line in a folder that is there, such as a sample. */
  static at(daemon: Pick<TestDaemon, 'socket'>, folder: string, env: Readonly<Record<string, string>> = {}): BerthCli {
    return new BerthCli(folder, { PATH: process.env['PATH'] ?? '', BERTH_HOST: `unix://${daemon.socket}`, ...env })
  }

  /** Name of the stack, as it follows from the folder. */
  get stack(): string {
    return basename(this.folder).toLowerCase()
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text)
  }

  read(name: string): Promise<string> {
    return readFile(join(this.folder, name), 'utf8')
  }

  start(argv: readonly string[], options: CliOptions = {}): CliProcess {
    const child = spawn(process.execPath, [join(root, 'dist', 'berth.cjs'), ...argv], {
      cwd: this.folder,
      env: { ...this.#env, ...options.env },
      stdio: 'pipe',
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    })
    const written = { stdout: '', stderr: '' }
    child.stdout.on('data', chunk => (written.stdout += chunk))
    child.stderr.on('data', chunk => (written.stderr += chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    const result = new Promise<CliResult>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', code => resolve({ code, ...written }))
    })
    return { kill: signal => child.kill(signal), output: () => written.stdout + written.stderr, result }
  }

  run(argv: readonly string[], options?: CliOptions): Promise<CliResult> {
    return this.start(argv, options).result
  }

  /** Runs a command that must succeed and returns what it printed. */
  async ok(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv)
    if (code !== 0) throw new Error(`berth ${argv.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
    return stdout
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.folder.startsWith(join(tmpdir(), 'stack-'))) await rm(this.folder, { recursive: true, force: true })
  }
}
