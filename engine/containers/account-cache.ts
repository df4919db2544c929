import { statSync } from 'node:fs'
import type { ResolvedImage } from '../images/service.ts'
import { type AccountFiles, readAccounts } from './user.ts'

interface Known {
  readonly accounts: Promise<AccountFiles>
  /** Of /etc/passwd and /etc/group where the image is a directory of the host, which may change. */
  readonly stamp: string
}

const kept = 64

/** Account files of images, read once: a hundred containers of one image that start together look at them once. */
export class AccountCache {
  readonly #known = new Map<string, Known>()

  /** `written` are the container's own layers, once it has run: they are on top and are read each time. */
  async read(image: ResolvedImage, written: readonly string[]): Promise<AccountFiles> {
    if (written.length > 0) return readAccounts([...written, ...image.lower])
    const key = image.lower.join(':')
    const stamp = image.hostTree === undefined ? '' : stampOf(image.hostTree)
    const known = this.#known.get(key)
    if (known !== undefined && known.stamp === stamp) return known.accounts
    const accounts = readAccounts(image.lower)
    this.#known.delete(key)
    this.#known.set(key, { accounts, stamp })
    const [oldest] = this.#known.keys()
    if (this.#known.size > kept && oldest !== undefined) this.#known.delete(oldest)
    return accounts
  }
}

function stampOf(tree: string): string {
  return ['passwd', 'group']
    .map(name => {
      const info = statSync(`${tree}/etc/${name}`, { throwIfNoEntry: false })
      return info === undefined ? '-' : `${info.ino}:${info.mtimeMs}:${info.size}`
    })
    .join(' ')
}
