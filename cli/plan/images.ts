import { formatPlatform, normalisePlatform } from '../../schemas/platform.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import { buildOps } from './build-ops.ts'
import { builtBefore, imageOf } from './builds.ts'
import { key } from './keys.ts'
import type { UpOptions } from './options.ts'
import type { Op } from './plan.ts'

export interface ImagePlan {
  readonly ops: readonly Op[]
  readonly problems: readonly string[]
}

/** Images that have to be fetched first, and services whose image cannot come from anywhere. */
export function planImages(
  project: Project,
  observed: Observed,
  services: readonly Service[],
  { pull, build }: Pick<UpOptions, 'pull' | 'build'>,
): ImagePlan {
  const ops = new Map<string, Op>()
  const problems: string[] = []
  const built = new Map<Service, string>()
  for (const service of services) {
    const { image, name, scale } = service
    if (scale === 0) continue
    const why = reasonToBuild(project, observed, service, build)
    if (why !== undefined) {
      built.set(service, why)
    } else if (image === undefined) {
      const reference = imageOf(project, service)
      if (!has(observed, reference, service))
        problems.push(
          `service ${name}: the engine has no image ${reference}${forPlatform(service)}, and building is off (--no-build)`,
        )
    } else if (image.kind !== 'reference') {
      if (!observed.engine.isBerth)
        problems.push(`service ${name}: only Berth's own engine takes an image of the form ${image.text}`)
    } else {
      const policy = pull === undefined || pull === 'policy' ? (service.pullPolicy ?? 'missing') : pull
      const isThere = has(observed, image.text, service)
      const age = observed.images[image.text]?.ageMs
      const period = policy === service.pullPolicy ? service.pullPeriodMs : undefined
      const isStale = period !== undefined && age !== undefined && age > period
      if (isThere && policy !== 'always' && !isStale) continue
      if (policy === 'never') {
        problems.push(
          `service ${name}: the engine has no image ${image.text}${forPlatform(service)}, and pulling is off (pull_policy: never)`,
        )
        continue
      }
      const opKey = key.pull(image.text)
      const why = [{ text: isThere ? `pull_policy: ${policy}` : `the engine does not have it${forPlatform(service)}` }]
      const platform = service.platform ?? project.defaultPlatform
      ops.set(opKey, {
        kind: 'image.pull',
        key: opKey,
        needs: [],
        after: [],
        sign: '+',
        why,
        reference: image.text,
        platform,
      })
    }
  }
  for (const service of built.keys()) {
    for (const base of builtBefore(service).flatMap(name => project.services[name] ?? [])) {
      const why = built.get(base) ?? reasonToBuild(project, observed, base, build)
      if (why !== undefined) built.set(base, why)
    }
  }
  // What one service builds, others take by its name.
  for (const service of built.keys()) ops.delete(key.pull(imageOf(project, service)))
  const builds = buildOps(project, [...built.keys()], service => built.get(service) ?? '')
  return { ops: [...ops.values(), ...builds], problems }
}

/** A service with a `build` section is built when asked for, when its policy says so, or when its image is missing. */
function reasonToBuild(
  project: Project,
  observed: Observed,
  service: Service,
  build: UpOptions['build'],
): string | undefined {
  if (service.build === undefined || build === 'never') return undefined
  if (build === 'always') return '--build'
  if (service.pullPolicy === 'build') return 'pull_policy: build'
  return has(observed, imageOf(project, service), service)
    ? undefined
    : `the engine does not have it${forPlatform(service)}`
}

/** An image of another platform is as good as none, as with Compose. A platform that is less than `os/architecture` is the engine's to judge. */
function has(observed: Observed, reference: string, { platform: wanted }: Service): boolean {
  const image = observed.images[reference]
  const [os, architecture, variant] = wanted?.split('/') ?? []
  if (image?.platform === undefined || os === undefined || architecture === undefined) return image !== undefined
  return image.platform === formatPlatform(normalisePlatform({ os, architecture, variant }))
}

const forPlatform = ({ platform }: Service): string => (platform === undefined ? '' : ` for ${platform}`)
