import { BerthError } from '../../schemas/errors.ts'
import { nearest } from '../ui/nearest.ts'
import { type Draft, type RunFlag, runFlags } from './run-flags.ts'

export interface Converted {
  /** A stack file: `services`, and `volumes` and `networks` where the service needs some. */
  readonly stack: Readonly<Record<string, unknown>>
  /** What the stack file does not say, a line each. */
  readonly notes: readonly string[]
}

const byName = new Map(runFlags.flatMap(flag => flag.names.map(name => [name, flag] as const)))

/** Reads `docker run [flags] IMAGE [COMMAND...]` (`podman`, `nerdctl` and `container run` alike). Throws USAGE with the nearest flag for what is none. */
export function convertDockerRun(words: readonly string[]): Converted {
  const rest = withoutProgram(words)
  const draft: Draft = { service: {}, volumes: new Set(), networks: new Set(), notes: [] }
  const attachments = new Map<string, string[]>()
  let at = 0
  while (at < rest.length) {
    const word = rest[at] ?? ''
    if (word === '--') {
      at += 1
      break
    }
    if (!word.startsWith('-') || word === '-') break
    at += 1
    for (const { name, flag, value } of readFlag(word, () => rest[at++])) {
      if (flag.names.includes('--network-alias') || name === '--ip' || name === '--ip6')
        attachments.set(flag.names[0] ?? name, [...(attachments.get(flag.names[0] ?? name) ?? []), value])
      flag.effect(draft, value)
    }
  }
  const [image, ...command] = rest.slice(at)
  if (image === undefined)
    throw new BerthError('USAGE', 'the line names no image', { hint: 'expected docker run [flags] IMAGE [COMMAND...]' })
  return finish(draft, image, command, attachments)
}

interface ReadFlag {
  readonly name: string
  readonly flag: RunFlag
  readonly value: string
}

/** `--name=x`, `--name x`, `-p 80:80`, `-p80:80`, `-itd`. */
function readFlag(word: string, next: () => string | undefined): readonly ReadFlag[] {
  if (word.startsWith('--')) {
    const [, name = word, given] = word.match(/^(--[^=]+)=(.*)$/s) ?? []
    const flag = find(name)
    return [{ name, flag, value: given ?? (flag.hasValue ? required(name, next()) : 'true') }]
  }
  const read: ReadFlag[] = []
  for (let at = 1; at < word.length; at += 1) {
    const name = `-${word[at]}`
    const flag = find(name)
    if (!flag.hasValue) {
      read.push({ name, flag, value: 'true' })
      continue
    }
    const attached = word.slice(at + 1).replace(/^=/, '')
    read.push({ name, flag, value: attached === '' ? required(name, next()) : attached })
    break
  }
  return read
}

function find(name: string): RunFlag {
  const flag = byName.get(name)
  if (flag) return flag
  const close = nearest(name, [...byName.keys()])
  throw new BerthError('USAGE', `docker run has no flag ${name}`, {
    hint: close ? `did you mean ${close}?` : '"docker run --help" lists its flags',
  })
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined) return value
  throw new BerthError('USAGE', `the flag ${name} needs a value`)
}

function withoutProgram(words: readonly string[]): readonly string[] {
  const rest = [...words]
  if (rest[0] === 'sudo') rest.shift()
  if (/^(.*\/)?(docker|podman|nerdctl)$/.test(rest[0] ?? '')) rest.shift()
  if (rest[0] === 'container') rest.shift()
  if (rest[0] === 'run' || rest[0] === 'create') {
    rest.shift()
    return rest
  }
  throw new BerthError('USAGE', `expected "docker run ...", found "${words.slice(0, 3).join(' ')}"`, {
    hint: 'e.g. berth convert docker run -d -p 8080:80 nginx',
  })
}

function finish(
  { service, volumes, networks, notes }: Draft,
  image: string,
  command: readonly string[],
  attachments: ReadonlyMap<string, readonly string[]>,
): Converted {
  const name = serviceName((service['container_name'] as string | undefined) ?? image)
  const aliases = attachments.get('--network-alias') ?? []
  const [address] = attachments.get('--ip') ?? []
  const attachment = {
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(address === undefined ? {} : { ipv4_address: address }),
  }
  const isPlain = Object.keys(attachment).length === 0
  const joined = [...networks].map(network => [network, isPlain ? null : attachment] as const)
  const stack = {
    services: {
      [name]: {
        image,
        ...(command.length > 0 ? { command } : {}),
        ...service,
        ...(joined.length > 0 ? { networks: isPlain ? [...networks] : Object.fromEntries(joined) } : {}),
      },
    },
    ...(networks.size > 0 ? { networks: external(networks) } : {}),
    ...(volumes.size > 0 ? { volumes: external(volumes) } : {}),
  }
  if (networks.size > 0 && networks.size + volumes.size > 0)
    notes.push('networks are external, as a run line takes them: they must be there ("berth network create")')
  if (volumes.size > 0) notes.push('volumes are external, so that the data of the old container is used')
  return { stack, notes }
}

function external(names: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...names].map(name => [name, { external: true, name }]))
}

/** `ghcr.io/me/my_app:1` -> `my_app`. */
function serviceName(text: string): string {
  const last = text.replace(/@.*$/, '').split('/').at(-1) ?? text
  return last.replace(/:.*$/, '').replace(/[^a-zA-Z0-9._-]/g, '-') || 'app'
}
