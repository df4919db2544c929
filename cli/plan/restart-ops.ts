import type { ObservedContainer } from '../observe/observed.ts'
import { containerOp, type Gate } from './container-ops.ts'
import { key } from './keys.ts'
import type { Op, Reason, WaitOp } from './plan.ts'
import type { ServiceOrder } from './service-order.ts'

/** One restart per container, dependencies first; who asks to be restarted along waits until its dependency is as it wants it. */
export function restartOps(
  containers: readonly ObservedContainer[],
  order: ServiceOrder,
  why: readonly Reason[],
  timeoutSeconds: number | undefined,
): readonly Op[] {
  const restarts = new Map<string, readonly Op[]>()
  const waits = new Map<string, WaitOp>()
  for (const service of order.dependenciesFirst) {
    const gate: Gate = order.dependenciesOf(service).reduce<Gate>(
      ({ needs, after }, dependency) => {
        const before = (restarts.get(dependency.service) ?? []).map(op => op.key)
        if (!dependency.restart || dependency.condition !== 'service_healthy' || before.length === 0)
          return { needs, after: [...after, ...before] }
        const wait = waitFor(dependency.service, before, containers)
        waits.set(wait.key, wait)
        return { needs: [...needs, wait.key], after }
      },
      { needs: [], after: [] },
    )
    const ops = containers
      .filter(container => container.service === service)
      .map((container): Op => {
        return { ...containerOp('container.restart', container, gate, '~', why), timeoutSeconds }
      })
    restarts.set(service, ops)
  }
  return [...[...restarts.values()].flat(), ...waits.values()]
}

function waitFor(service: string, needs: readonly string[], containers: readonly ObservedContainer[]): WaitOp {
  const names = containers.filter(container => container.service === service).map(({ name }) => name)
  const goal = 'healthy'
  return {
    kind: 'wait',
    key: key.wait(service, goal),
    needs,
    after: [],
    sign: ' ',
    why: [],
    service,
    goal,
    containers: names,
  }
}
