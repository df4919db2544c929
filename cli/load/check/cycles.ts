import type { Problems } from '../problems.ts'
import { type MapNode, valueAt } from '../yaml/node.ts'
import { pathOf } from '../yaml/path.ts'

/** No service may wait for itself over others. Each cycle is told once, with the whole way round. Iterative: chains may be long. */
export function checkCycles(services: MapNode, problems: Problems): void {
  const finished = new Set<string>()
  for (const start of services.entries.keys()) {
    const way: { readonly name: string; readonly rest: string[] }[] = []
    const onWay = new Set<string>()
    const enter = (name: string) => {
      way.push({ name, rest: dependenciesOf(services, name) })
      onWay.add(name)
    }
    if (!finished.has(start)) enter(start)
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const next = top.rest.shift()
      if (next === undefined) {
        finished.add(top.name)
        onWay.delete(top.name)
        way.pop()
      } else if (onWay.has(next)) {
        const names = way.map(({ name }) => name)
        report([...names.slice(names.indexOf(next)), next], services, problems)
      } else if (!finished.has(next) && services.entries.has(next)) {
        enter(next)
      }
    }
  }
}

function dependenciesOf(services: MapNode, name: string): string[] {
  const dependencies = valueAt(services.entries.get(name)?.value, 'depends_on')
  return dependencies?.kind === 'map' ? [...dependencies.entries.keys()] : []
}

function report(round: readonly string[], services: MapNode, problems: Problems): void {
  const [from = '', to = ''] = round.slice(-2)
  const dependencies = valueAt(services.entries.get(from)?.value, 'depends_on')
  problems.error({
    code: 'cycle',
    message: `services depend on each other in a circle: ${round.join(' -> ')}`,
    path: pathOf('services', from, 'depends_on', to),
    mark: dependencies?.kind === 'map' ? dependencies.entries.get(to)?.mark : undefined,
    hint: 'remove one of these dependencies',
  })
}
