import type { Project, Service } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import { key } from './keys.ts'
import type { UpOptions } from './options.ts'
import type { Op } from './plan.ts'
import { builtImageName } from './spec.ts'

export interface ImagePlan {
  readonly ops: readonly Op[]
  readonly problems: readonly string[]
}

/** Images that have to be fetched first, and services whose image cannot come from anywhere. */
export function planImages(
  project: Project,
  observed: Observed,
  services: readonly Service[],
  pull: UpOptions['pull'],
): ImagePlan {
  const ops = new Map<string, Op>()
  const problems: string[] = []
  for (const service of services) {
    const { image, name, scale } = service
    if (scale === 0) continue
    if (image === undefined) {
      const reference = builtImageName(project, service)
      if (observed.images[reference] === undefined)
        problems.push(`service ${name}: image ${reference} has to be built first, which Berth cannot do yet`)
    } else if (image.kind !== 'reference') {
      if (!observed.engine.isBerth)
        problems.push(`service ${name}: only Berth's own engine takes an image of the form ${image.text}`)
    } else {
      const policy = pull === undefined || pull === 'policy' ? (service.pullPolicy ?? 'missing') : pull
      const isThere = observed.images[image.text] !== undefined
      const age = observed.images[image.text]?.ageMs
      const period = policy === service.pullPolicy ? service.pullPeriodMs : undefined
      const isStale = period !== undefined && age !== undefined && age > period
      if (isThere && policy !== 'always' && !isStale) continue
      if (policy === 'never') {
        problems.push(`service ${name}: the engine has no image ${image.text}, and pulling is off (pull_policy: never)`)
        continue
      }
      const opKey = key.pull(image.text)
      const why = [{ text: isThere ? `pull_policy: ${policy}` : 'the engine does not have it' }]
      const { platform } = service
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
  return { ops: [...ops.values()], problems }
}
