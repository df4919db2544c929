import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { ImageInspect, ProgressMessage } from '../../../schemas/api/images.ts'
import { ApiEngine } from '../../support/api-engine.ts'

/** Who has images: Berth, or a peer that must agree with it about ids and digests. */
export interface Side {
  readonly name: string
  pull(name: string): Promise<void>
  push(name: string): Promise<void>
  tag(name: string, other: string): Promise<void>
  load(archive: Buffer): Promise<void>
  save(names: readonly string[]): Promise<Buffer>
  id(name: string): Promise<string>
  /** Of the name's repository in the registry. */
  digests(name: string): Promise<readonly string[]>
  remove(name: string): Promise<void>
  close(): Promise<void>
}

/** An engine by its API: Berth's or dockerd's. */
export function engineSide(name: 'berthd' | 'dockerd', socket: string): Side {
  const api = new ApiEngine(name, socket, async () => {})
  const auth = { 'X-Registry-Auth': Buffer.from('{}').toString('base64') }
  const send = async (path: string, body?: Buffer): Promise<void> => {
    const answer = await api.request('POST', path, body, auth)
    const last = answer.text.trim().split('\r\n').at(-1) ?? ''
    const { errorDetail } = (last.startsWith('{') ? JSON.parse(last) : {}) as ProgressMessage
    if (answer.status >= 400 || errorDetail !== undefined) throw new Error(`${name} POST ${path}: ${answer.text}`)
  }
  const inspect = (image: string) => api.call<ImageInspect>('GET', `/images/${image}/json`)
  const split = (image: string) => {
    const at = image.indexOf('@') < 0 ? image.lastIndexOf(':') : image.indexOf('@')
    return [image.slice(0, at), image.slice(at + 1)] as const
  }
  return {
    name,
    pull: image => send(`/images/create?fromImage=${split(image)[0]}&tag=${split(image)[1]}`),
    push: image => send(`/images/${split(image)[0]}/push?tag=${split(image)[1]}`),
    tag: (image, other) => send(`/images/${image}/tag?repo=${split(other)[0]}&tag=${split(other)[1]}`),
    load: archive => send('/images/load', archive),
    save: async names => {
      const response = await api.open('GET', `/images/get?${names.map(each => `names=${each}`).join('&')}`)
      const pieces: Buffer[] = []
      for await (const piece of response) pieces.push(piece as Buffer)
      return Buffer.concat(pieces)
    },
    id: async image => (await inspect(image)).Id,
    digests: async image =>
      ((await inspect(image)).RepoDigests ?? []).flatMap(each =>
        split(each)[0] === split(image)[0] ? [split(each)[1]] : [],
      ),
    remove: async image => {
      await api.request('DELETE', `/images/${image}?force=1`)
    },
    close: async () => {},
  }
}

/** Podman by its command (`BERTH_PEER_PODMAN`, words), with storage of its own. */
export function podmanSide(command: string): Side {
  const folder = `/tmp/berth-podman-${randomBytes(4).toString('hex')}`
  const [program = '', ...words] = [
    ...command.split(' '),
    ...['--root', `${folder}/root`, '--runroot', `${folder}/run`, '--storage-driver', 'vfs'],
  ]
  const run = (args: readonly string[], input?: Buffer): Buffer =>
    execFileSync(program, [...words, ...args], {
      ...(input === undefined ? {} : { input }),
      maxBuffer: 1 << 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  const text = (...args: readonly string[]): string => run(args).toString('utf8').trim()
  return {
    name: 'podman',
    pull: async name => void text('pull', '-q', '--tls-verify=false', name),
    push: async name => void text('push', '-q', '--tls-verify=false', name),
    tag: async (name, other) => void text('tag', name, other),
    load: async archive => void run(['load', '-q'], archive),
    save: async names => run(['save', '-q', ...(names.length > 1 ? ['-m'] : []), ...names]),
    id: async name => `sha256:${text('image', 'inspect', '-f', '{{.Id}}', name).replace('sha256:', '')}`,
    digests: async name => [text('image', 'inspect', '-f', '{{.Digest}}', name)],
    remove: async name => void text('rmi', '-f', name),
    close: async () => void text('system', 'reset', '-f'),
  }
}
