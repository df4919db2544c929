import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, link, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BerthError } from '../../schemas/errors.ts'
import { aptMirror } from './apt-mirror.ts'

export type BaseKind = 'busybox' | 'debian'

export interface BaseRootfsOptions {
  readonly kind: BaseKind
  /** Of Debian. */
  readonly suite: string
  readonly mirror: string | undefined
  readonly include: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: (text: string) => void
  readonly signal: AbortSignal
}

/** A root file system in a temporary folder, removed at the end of the block. */
export interface BaseRootfs extends AsyncDisposable {
  readonly path: string
}

/** Makes the files of a base image from what this host has. Throws UNAVAILABLE that names the missing package. */
export async function makeBaseRootfs(options: BaseRootfsOptions): Promise<BaseRootfs> {
  // debootstrap needs a file system with devices and programs: /tmp often has neither.
  const folder = await mkdtemp(join(options.kind === 'busybox' ? tmpdir() : '/var/tmp', 'berth-base-'))
  const path = join(folder, 'rootfs')
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await mkdir(path)
    await chmod(path, 0o755)
    await (options.kind === 'busybox' ? fillBusybox(path) : fillDebian(path, options))
    return { path, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

const busyboxPlaces = ['/bin/busybox', '/usr/bin/busybox', '/usr/lib/busybox/busybox']
const folders = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'usr/bin', 'usr/sbin', 'sbin', 'var']
const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n'
const group = 'root:x:0:\nnogroup:x:65534:\n'

/** One static program under the names of all its tools, and the few files that programs look for. */
async function fillBusybox(root: string): Promise<void> {
  const program = await staticBusybox()
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  await chmod(join(root, 'root'), 0o700)
  const target = join(root, 'bin/busybox')
  await copyFile(program, target)
  await chmod(target, 0o755)
  const { stdout } = await promisify(execFile)(program, ['--list-full'])
  for (const tool of stdout.split('\n').filter(line => /^[\w./[-]+$/.test(line) && !line.includes('..'))) {
    const place = join(root, tool)
    await mkdir(join(place, '..'), { recursive: true })
    await link(target, place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  await writeFile(join(root, 'etc/passwd'), passwd)
  await writeFile(join(root, 'etc/group'), group)
}

/** Debian's busybox package is linked dynamically: such a program would find no library in the image. */
async function staticBusybox(): Promise<string> {
  for (const path of busyboxPlaces) if (await isStatic(path)) return path
  throw new BerthError('UNAVAILABLE', `no static busybox on this host (looked at ${busyboxPlaces.join(', ')})`, {
    hint: 'apt-get install busybox-static',
  })
}

/** A dynamic ELF names its loader in plain text near the beginning. */
async function isStatic(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return false
  try {
    const head = Buffer.alloc(4096)
    await file.read(head, 0, head.length, 0)
    return head.subarray(1, 4).toString('latin1') === 'ELF' && !head.includes('/ld-')
  } finally {
    await file.close()
  }
}

async function fillDebian(root: string, options: BaseRootfsOptions): Promise<void> {
  const { suite, include, env, log, signal } = options
  const mirror = options.mirror ?? (await aptMirror())
  // debootstrap knows no "--" that would end its options.
  const dashed = [suite, mirror].find(text => text?.startsWith('-'))
  if (dashed !== undefined) throw new BerthError('USAGE', `expected a release and a mirror, found "${dashed}"`)
  if (process.getuid?.() !== 0) throw new BerthError('FORBIDDEN', 'debootstrap needs root', { hint: 'use sudo' })
  const argv = [
    '--variant=minbase',
    ...(include === undefined ? [] : [`--include=${include}`]),
    suite,
    root,
    ...(mirror === undefined ? [] : [mirror]),
  ]
  const PATH = `${env.PATH ?? ''}:/usr/sbin:/sbin`
  const child = spawn('debootstrap', argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, PATH }, signal })
  const last: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log(chunk.toString())
      last.push(...chunk.toString().trimEnd().split('\n'))
      last.splice(0, last.length - 5)
    })
  }
  const [code] = (await once(child, 'close').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause
    throw new BerthError('UNAVAILABLE', 'debootstrap is not installed', { cause, hint: 'apt-get install debootstrap' })
  })) as [number | null]
  if (code !== 0)
    throw new BerthError('UNAVAILABLE', `debootstrap ${suite} ended with ${code}: ${last.join(' / ')}`, {
      hint: 'name a release of Debian with --suite, and its packages with --mirror',
    })
  // Downloaded packages and lists are half of the size and of no use in an image.
  await rm(join(root, 'var/cache/apt/archives'), { recursive: true, force: true })
  await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
  await mkdir(join(root, 'var/cache/apt/archives/partial'), { recursive: true })
  await mkdir(join(root, 'var/lib/apt/lists/partial'), { recursive: true })
}
