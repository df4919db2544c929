import { BerthError } from '../../schemas/errors.ts'
import type { Project, Service } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import type { Gate } from './container-ops.ts'
import { type Decision, decide } from './decide.ts'
import { withHooks } from './hooks.ts'
import { planImages } from './images.ts'
import { key } from './keys.ts'
import { planNetworks } from './networks.ts'
import type { UpOptions } from './options.ts'
import { inOrder } from './order.ts'
import { orphansOf } from './orphans.ts'
import { placementWarnings } from './placement.ts'
import type { Op, Plan } from './plan.ts'
import { refuseReservations } from './reservations.ts'
import { type Selection, selectServices } from './selection.ts'
import { serviceProblems } from './service-problems.ts'
import { type FileDigests, serviceSpec } from './spec.ts'
import { Upgrade } from './upgrade.ts'
import { planVolumes } from './volumes.ts'

/**
 * What has to be done so that the project is as the file says. Pure: only what is desired and what is there counts. Containers that are
 * right are not in it. Throws when the file asks for what cannot be (all such problems at once).
 */
export function planUp(project: Project, observed: Observed, digests: FileDigests, options: UpOptions): Plan {
  const selection = selectServices(project, options.services ?? [], options.noDeps ?? false)
  const { services } = selection
  const specOf = memoized((service: Service) => serviceSpec(project, service, digests))
  const orphans = orphansOf(project, observed, options)
  const staying = (network: string): readonly string[] => stayingIn(network, observed, selection, orphans.ops)
  const { replaced } = planNetworks(project, observed, services, { removalKeys: () => [], staying })
  const decisions = decide({ project, observed, selection, specOf, replacedNetworks: replaced, options })
  const removalKeys = (network: string): readonly string[] => removalKeysIn(network, observed, decisions, orphans.ops)
  const images = planImages(project, observed, services, options)
  const networks = planNetworks(project, observed, services, { removalKeys, staying })
  const volumes = planVolumes(project, observed, services)
  const tooMuch = refuseReservations(project, observed, selection, options)
  const problems = [
    ...serviceProblems(selection, observed),
    ...images.problems,
    ...networks.problems,
    ...volumes.problems,
    ...tooMuch,
  ]
  if (problems.length > 0) throw new BerthError('INVALID_ARGUMENT', problems.join('\n'))

  // Images first of all: when one cannot be had, nothing has been made yet.
  const pulled: Gate = { needs: images.ops.map(op => op.key), after: [] }
  const groundwork = [...networks.ops, ...volumes.ops].map(op => ({ ...op, needs: [...op.needs, ...pulled.needs] }))
  const upgrade = new Upgrade({ project, observed, options, selection, decisions, groundwork, pulled })
  const ops = [...images.ops, ...groundwork, ...upgrade.ops()]
  return {
    project: project.name,
    ops: inOrder(withHooks([...ops, ...orphans.ops], project)),
    unchanged: upgrade.unchanged(),
    warnings: [
      ...networks.warnings,
      ...volumes.warnings,
      ...placementWarnings(services, observed.host),
      ...orphans.warnings,
    ],
  }
}

/** Containers in a network that are neither of the chosen services nor removed as orphans. */
function stayingIn(
  network: string,
  observed: Observed,
  selection: Selection,
  removals: readonly Op[],
): readonly string[] {
  const removed = new Set(removals.map(op => op.key))
  return observed.containers
    .filter(({ networks }) => networks[network] !== undefined)
    .filter(({ name, service, isOneOff }) => {
      return (isOneOff || !selection.has(service)) && !removed.has(key.container(name, 'remove'))
    })
    .map(({ name }) => name)
}

/** Ops that take away the containers that are in a network which is made anew. */
function removalKeysIn(
  network: string,
  observed: Observed,
  decisions: ReadonlyMap<string, Decision>,
  removals: readonly Op[],
): readonly string[] {
  const going = new Set(removals.map(op => op.key))
  for (const { recreated, removed } of decisions.values()) {
    for (const { container } of [...recreated, ...removed]) going.add(key.container(container.name, 'remove'))
  }
  return observed.containers
    .filter(({ networks }) => networks[network] !== undefined)
    .map(({ name }) => key.container(name, 'remove'))
    .filter(removeKey => going.has(removeKey))
}

function memoized<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return input => {
    const found = known.get(input)
    if (found !== undefined) return found
    const value = compute(input)
    known.set(input, value)
    return value
  }
}
