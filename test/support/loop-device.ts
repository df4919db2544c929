import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A block device of the test's own, over a sparse file. `using disk = new LoopDevice(...)` takes it away at the end of the block. */
export class LoopDevice {
  readonly path: string
  /** As the kernel's files name it: "7:3". */
  readonly number: string
  readonly #folder: string

  constructor(sizeBytes: number) {
    this.#folder = mkdtempSync(join(tmpdir(), 'berth-disk-'))
    const file = join(this.#folder, 'disk')
    writeFileSync(file, '')
    truncateSync(file, sizeBytes)
    this.path = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim()
    const { rdev } = statSync(this.path)
    this.number = `${(rdev >> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >> 12) & 0xfff00)}`
  }

  [Symbol.dispose](): void {
    execFileSync('losetup', ['--detach', this.path])
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
