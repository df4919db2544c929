import type { Problems } from '../problems.ts'
import { didYouMean } from '../validate/nearest-name.ts'
import { type MapNode, type Node, positionOf, scalarText, stringAt, valueAt } from '../yaml/node.ts'
import { childPath, type Path, pathOf, pathText } from '../yaml/path.ts'

/** Attributes of one service that do not go together. */
export function checkService(name: string, service: MapNode, problems: Problems): void {
  const check = new ServiceCheck(name, service, problems)
  check.hasSource()
  check.build()
  check.exclusive('network_mode', 'networks')
  check.sameValue('scale', ['deploy', 'replicas'])
  check.limit('cpus', ['deploy', 'resources', 'limits'], 'cpus')
  check.limit('mem_limit', ['deploy', 'resources', 'limits'], 'memory')
  check.limit('mem_reservation', ['deploy', 'resources', 'reservations'], 'memory')
  check.limit('pids_limit', ['deploy', 'resources', 'limits'], 'pids')
  check.containerName()
  check.hardened()
  check.watch()
  check.targets()
  check.restart()
  check.publishedTwice()
}

const restartWords = ['no', 'always', 'on-failure', 'unless-stopped']

class ServiceCheck {
  readonly #name: string
  readonly #service: MapNode
  readonly #problems: Problems
  readonly #path: Path | undefined

  constructor(name: string, service: MapNode, problems: Problems) {
    this.#name = name
    this.#service = service
    this.#problems = problems
    this.#path = pathOf('services', name)
  }

  hasSource(): void {
    const image = valueAt(this.#service, 'image')
    const hasImage = image !== undefined && !(image.kind === 'scalar' && (image.value === '' || image.value === null))
    if (hasImage || ['build', 'provider'].some(key => this.#service.entries.has(key))) return
    // A wrong or misspelt attribute may well be the image that is missing here.
    if (this.#problems.hasErrorBelow(pathText(this.#path))) return
    if (this.#problems.hasCode('extends-cycle', 'unknown-service', 'file-not-found')) return
    this.#problems.error({
      code: 'no-image',
      message: `the service ${JSON.stringify(this.#name)} has neither an image nor a build`,
      path: this.#path,
      mark: this.#service.mark,
      hint: 'give it an image, e.g. image: busybox or image: rootfs:/',
    })
  }

  build(): void {
    const build = valueAt(this.#service, 'build')
    if (build?.kind !== 'map') return
    const inline = build.entries.get('dockerfile_inline')
    if (inline !== undefined && build.entries.has('dockerfile')) {
      this.#conflict(
        ['build', 'dockerfile_inline'],
        inline.value,
        '"dockerfile" and "dockerfile_inline" exclude each other',
      )
    }
    const platform = stringAt(this.#service, 'platform')
    const platforms = valueAt(build, 'platforms')
    if (platform === undefined || platforms?.kind !== 'list' || platforms.items.length === 0) return
    if (platforms.items.some(item => item.kind === 'scalar' && item.value === platform)) return
    this.#conflict(
      ['build', 'platforms'],
      platforms,
      `the platforms of the build do not include the service's ${platform}`,
    )
  }

  hardened(): void {
    const [privileged, wish] = [valueAt(this.#service, 'privileged'), valueAt(this.#service, 'x-hardened')]
    if (privileged === undefined || wish === undefined) return
    if (textOf(privileged) !== 'true' || textOf(wish) !== 'true') return
    this.#conflict(['privileged'], privileged, '"privileged" gives every right, and "x-hardened" takes them')
  }

  exclusive(one: string, other: string): void {
    const [first, second] = [valueAt(this.#service, one), valueAt(this.#service, other)]
    if (first === undefined || second === undefined) return
    this.#conflict([one], first, `"${one}" and "${other}" exclude each other`)
  }

  sameValue(one: string, other: readonly string[]): void {
    const [first, second] = [valueAt(this.#service, one), at(this.#service, other)]
    if (first === undefined || second === undefined || textOf(first) === textOf(second)) return
    this.#conflict(
      [one],
      first,
      `"${one}" (${textOf(first)}) and "${other.join('.')}" (${textOf(second)}) are not the same`,
    )
  }

  /** Compose compares as soon as there is a block of limits, even if it says nothing of this one. */
  limit(one: string, block: readonly string[], key: string): void {
    const first = valueAt(this.#service, one)
    const limits = at(this.#service, block)
    if (first === undefined || limits?.kind !== 'map' || ['0', ''].includes(textOf(first))) return
    const second = valueAt(limits, key)
    if (second !== undefined && textOf(first) === textOf(second)) return
    const full = [...block, key].join('.')
    const found = second === undefined ? 'which is not set' : textOf(second)
    this.#conflict([one], first, `"${one}" (${textOf(first)}) and "${full}" (${found}) are not the same`)
  }

  containerName(): void {
    const name = valueAt(this.#service, 'container_name')
    const scale = valueAt(this.#service, 'scale') ?? at(this.#service, ['deploy', 'replicas'])
    if (name === undefined || textOf(name) === '' || scale?.kind !== 'scalar' || Number(scale.value) <= 1) return
    this.#conflict(
      ['container_name'],
      name,
      `a container name is unique, so there cannot be ${textOf(scale)} containers of that name`,
    )
  }

  watch(): void {
    const watch = at(this.#service, ['develop', 'watch'])
    for (const [index, item] of (watch?.kind === 'list' ? watch.items : []).entries()) {
      const action = stringAt(item, 'action')
      if (action === 'rebuild' || action === 'restart' || (stringAt(item, 'target') ?? '') !== '') continue
      this.#problems.error({
        code: 'missing-key',
        message: `a watch with the action ${JSON.stringify(action)} needs a target`,
        path: childPath(pathOf('services', this.#name, 'develop', 'watch'), index),
        mark: item.mark,
      })
    }
  }

  /** One path in the container cannot be mounted twice; equal volumes have already fallen together. */
  targets(): void {
    const seen = new Map<string, string>()
    const look = (key: string, targetOf: (item: Node) => string) => {
      const list = valueAt(this.#service, key)
      for (const [index, item] of (list?.kind === 'list' ? list.items : []).entries()) {
        const target = targetOf(item)
        const place = `${key}[${index}]`
        const earlier = seen.get(target)
        if (earlier !== undefined) {
          this.#problems.error({
            code: 'conflict',
            message: `${target} is already mounted by ${earlier}`,
            path: childPath(pathOf('services', this.#name, key), index),
            mark: item.mark,
          })
        }
        seen.set(target, place)
      }
    }
    look('tmpfs', item => textOf(item).split(':')[0] ?? '')
    look('volumes', item => stringAt(item, 'target') ?? '')
  }

  /** Lists of ports append, so an override that was meant to move a port publishes it twice. */
  publishedTwice(): void {
    const ports = valueAt(this.#service, 'ports')
    const seen = new Map<string, Node>()
    for (const [index, item] of (ports?.kind === 'list' ? ports.items : []).entries()) {
      const published = textOf(valueAt(item, 'published') ?? item)
      const target = `${textOf(valueAt(item, 'target') ?? item)}/${stringAt(item, 'protocol') ?? 'tcp'}`
      const earlier = seen.get(target)
      seen.set(target, item)
      const [before, here] = [positionOf(earlier?.mark), positionOf(item.mark)]
      if (earlier === undefined || before === undefined || here === undefined || before.file === here.file) continue
      this.#problems.warn({
        code: 'published-twice',
        message: `${target} is published at ${textOf(valueAt(earlier, 'published') ?? earlier)} by ${before.file}:${before.line} and at ${published} here: lists of ports add up`,
        path: childPath(pathOf('services', this.#name, 'ports'), index),
        mark: item.mark,
        hint: 'to move the port, write ports: !override in this file',
      })
    }
  }

  /** Compose takes any word here and means no restart by it. */
  restart(): void {
    const node = valueAt(this.#service, 'restart')
    const [word = ''] = node === undefined ? [] : textOf(node).split(':')
    if (node === undefined || restartWords.includes(word)) return
    this.#problems.warn({
      code: 'wrong-value',
      message: `${JSON.stringify(word)} is not a restart policy, so the service is never restarted`,
      path: pathOf('services', this.#name, 'restart'),
      mark: node.mark,
      hint: didYouMean(word, restartWords),
    })
  }

  #conflict(keys: readonly string[], node: Node, message: string): void {
    this.#problems.error({ code: 'conflict', message, path: pathOf('services', this.#name, ...keys), mark: node.mark })
  }
}

function at(node: Node, keys: readonly string[]): Node | undefined {
  return keys.reduce<Node | undefined>((inner, key) => valueAt(inner, key), node)
}

function textOf(node: Node): string {
  return node.kind === 'scalar' ? scalarText(node.value) : ''
}
