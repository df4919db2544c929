import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RuntimeEnd {
  readonly status: number | null
  readonly output: string
}

/** One runtime, one container, one bundle whose root the test may set traps in, and beside it a folder of the host that no container is given. */
export class OciBundle {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-escape-'))
  readonly rootfs = join(this.folder, 'rootfs')
  readonly victim = join(this.folder, 'victim')
  readonly id: string
  readonly #command: readonly string[]

  constructor(command: readonly string[], attack: string, id: string) {
    this.#command = command
    this.id = id
    for (const sub of ['bin', 'etc', 'tmp']) mkdirSync(join(this.rootfs, sub), { recursive: true })
    copyFileSync('/bin/busybox', join(this.rootfs, 'bin/busybox'))
    copyFileSync(attack, join(this.rootfs, 'attack'))
    for (const applet of ['sh', 'cat', 'ls', 'sleep', 'true']) symlinkSync('busybox', join(this.rootfs, 'bin', applet))
    mkdirSync(this.victim)
    writeFileSync(join(this.victim, 'secret'), 'of the host')
  }

  /** Writes config.json: `more` replaces whole members of a small default. */
  write(
    args: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
    linux: Readonly<Record<string, unknown>> = {},
  ) {
    const namespaces = ['pid', 'mount', 'ipc', 'uts', 'network'].map(type => ({ type }))
    const config = {
      ociVersion: '1.0.2',
      process: this.process(args),
      root: { path: 'rootfs' },
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: { namespaces, cgroupsPath: `/${this.id}`, ...linux },
      ...more,
    }
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(config))
  }

  process(args: readonly string[]) {
    return { user: { uid: 0, gid: 0 }, args, env: ['PATH=/bin'], cwd: '/' }
  }

  oci(argv: readonly string[], options: SpawnSyncOptions = {}): RuntimeEnd {
    const [program = '', ...words] = this.#command
    const all = [...words, '--root', join(this.folder, 'state'), ...argv]
    const settings: SpawnSyncOptions = { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000, ...options }
    const { status, stdout, stderr } = spawnSync(program, all, { ...settings, encoding: 'utf8' })
    return { status, output: `${stdout ?? ''}${stderr ?? ''}` }
  }

  run(options: SpawnSyncOptions = {}): RuntimeEnd {
    const end = this.oci(['run', '--bundle', this.folder, this.id], options)
    this.oci(['delete', '--force', this.id])
    return end
  }

  /** Everything in the victim's folder, and what is mounted there in the host's eyes. */
  victimState(): readonly string[] {
    const files = readdirSync(this.victim, { withFileTypes: true }).map(it => {
      const kind = it.isFile()
        ? readFileSync(join(this.victim, it.name), 'utf8')
        : it.isDirectory()
          ? 'folder'
          : 'special'
      return `${it.name}: ${kind}`
    })
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes(this.folder))
    return [...files.sort(), ...mounts]
  }

  remove(): void {
    this.oci(['delete', '--force', this.id])
    rmSync(this.folder, { recursive: true, force: true })
  }
}
