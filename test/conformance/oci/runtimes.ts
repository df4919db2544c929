import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'

const root = process.env['BERTH_ROOT'] ?? process.cwd()

export type RuntimeName = 'berth' | 'crun' | 'runc'

export interface Runtime {
  readonly name: RuntimeName
  readonly command: readonly string[]
}

/** A program of a root of its own (`/some/root/usr/bin/crun`) needs the libraries of that root. */
function commandOf(program: string): readonly string[] {
  const foreign = program.match(/^(.+)\/usr\/s?bin\/[^/]+$/)?.[1]
  if (foreign === undefined || !existsSync(join(foreign, 'etc/os-release'))) return [program]
  return ['unshare', '-m', join(root, 'test/conformance/oci/with-libraries-of'), foreign, program]
}

/** Ours by its command line, and each peer that the environment names. */
export function runtimes(): readonly Runtime[] {
  const named = (process.env['BERTH_PEER_RUNTIMES'] ?? '').split(',').filter(Boolean)
  const peers = named.map(peer => {
    const [name = '', program = ''] = peer.split('=')
    return { name: name as RuntimeName, command: commandOf(program) }
  })
  return [{ name: 'berth', command: [join(root, 'dist/berth-native'), 'oci'] }, ...peers]
}

export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

// biome-ignore lint/suspicious/noExplicitAny: tests change any part of the document, valid or not
export type Config = any

/** A bundle with busybox for one runtime, and that runtime. Everything lies below `folder`. */
export class Box {
  readonly name: RuntimeName
  readonly id: string
  folder = ''
  readonly #command: readonly string[]

  constructor(runtime: Runtime, title: string) {
    this.name = runtime.name
    this.#command = runtime.command
    this.id = `berth-test-${process.pid}-${runtime.name}-${title.replace(/\W+/g, '-')}`
  }

  make() {
    this.folder = mkdtempSync(join(tmpdir(), 'berth-oci-'))
    for (const sub of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'])
      mkdirSync(join(this.folder, 'rootfs', sub), { recursive: true })
    copyFileSync('/bin/busybox', join(this.folder, 'rootfs/bin/busybox'))
    for (const applet of [
      'sh',
      'sleep',
      'id',
      'cat',
      'ls',
      'mount',
      'stat',
      'env',
      'touch',
      'kill',
      'grep',
      'tty',
      'mknod',
      'rm',
      'stty',
    ])
      symlinkSync('busybox', join(this.folder, 'rootfs/bin', applet))
  }

  remove() {
    this.oci('delete', '--force', this.id)
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The words that start the runtime, its global options included. */
  argv(...argv: readonly string[]): readonly [string, ...string[]] {
    const [program = '', ...words] = this.#command
    return [program, ...words, '--root', join(this.folder, 'state'), ...argv]
  }

  run(options: SpawnSyncOptions, ...argv: readonly string[]): Result {
    const [program, ...words] = this.argv(...argv)
    const { status, stdout, stderr } = spawnSync(program, words, { timeout: 30_000, encoding: 'utf8', ...options })
    return { status, stdout: String(stdout ?? ''), stderr: String(stderr ?? '') }
  }

  oci(...argv: readonly string[]): Result {
    return this.run({ stdio: ['ignore', 'pipe', 'pipe'] }, ...argv)
  }

  /** A detached container holds the caller's stdio: pipes of ours would never end. */
  detached(...argv: readonly string[]): Result {
    return this.run({ stdio: 'ignore' }, ...argv)
  }

  /** `argv` run by a shell as "$@", with the redirections of `script`. */
  shell(script: string, argv: readonly string[]): string {
    return spawnSync('sh', ['-c', script, 'sh', ...argv], { encoding: 'utf8', timeout: 30_000 }).stdout
  }

  state() {
    return JSON.parse(this.oci('state', this.id).stdout) as Record<string, unknown> & { status: string; pid: number }
  }

  /** Writes config.json: a plain container with its own namespaces that runs `args`, changed by `change`. */
  bundle(args: readonly string[], change: (config: Config) => void = () => {}) {
    const config: Config = {
      ociVersion: '1.0.2',
      process: { user: { uid: 0, gid: 0 }, args, env: ['PATH=/bin'], cwd: '/' },
      root: { path: 'rootfs' },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      ],
      linux: {
        namespaces: ['pid', 'mount', 'ipc', 'uts', 'network'].map(type => ({ type })),
        cgroupsPath: `/${this.id}`,
      },
    }
    change(config)
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(config))
  }

  /** What a container with this configuration prints; its exit code must be 0. */
  output(args: readonly string[], change?: (config: Config) => void): string {
    this.bundle(args, change)
    const { status, stdout, stderr } = this.oci('run', '--bundle', this.folder, this.id)
    if (status !== 0) throw new Error(`${this.name} run ended with ${status}: ${stderr}`)
    return stdout
  }

  /** Starts a container that stays. */
  start(args: readonly string[], change?: (config: Config) => void) {
    this.bundle(args, change)
    const { status } = this.detached('run', '--detach', '--bundle', this.folder, this.id)
    if (status !== 0) throw new Error(`${this.name} run --detach ended with ${status}`)
  }

  delete() {
    this.oci('delete', '--force', this.id)
  }
}

/** The same tests on ours, and on each runtime that the environment names. */
export function onEachRuntime(title: string, body: (box: Box) => void) {
  for (const runtime of runtimes()) {
    describe(`oci ${title}: ${runtime.name}`, () => {
      const box = new Box(runtime, title)
      before(() => box.make())
      after(() => box.remove())
      body(box)
    })
  }
}
