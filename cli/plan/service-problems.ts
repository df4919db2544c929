import { serviceDependencies } from '../graph/service-graph.ts'
import type { Service } from '../model/project.ts'
import type { Observed } from '../observe/observed.ts'
import type { Selection } from './selection.ts'

/** What services ask for and no container can have, in Compose's words: told before anything is made. */
export function serviceProblems(selection: Selection, observed: Observed): readonly string[] {
  const owners = new Map<string, string>()
  return selection.services
    .filter(({ scale }) => scale > 0)
    .flatMap(service => {
      const { name, containerName, healthcheck } = service
      const problems = missingContainers(service, selection, observed)
      if (containerName !== undefined) {
        const owner = owners.get(containerName)
        if (owner !== undefined)
          problems.push(`service ${name}: container name "${containerName}" is already in use by service ${owner}`)
        owners.set(containerName, owner ?? name)
      }
      if (healthcheck?.startIntervalMs !== undefined && healthcheck.startPeriodMs === undefined)
        problems.push(`service ${name}: healthcheck.start_interval requires healthcheck.start_period to be set`)
      return problems
    })
}

/** With --no-deps: what is joined has to be there already. */
function missingContainers(service: Service, selection: Selection, observed: Observed): string[] {
  const isThere = (name: string): boolean =>
    selection.has(name) || observed.containers.some(container => container.service === name && !container.isOneOff)
  const shared = serviceDependencies(service).flatMap(({ service: name, shares }) =>
    shares === undefined ? [] : [[name, `${shares} namespace`] as const],
  )
  const volumes = service.volumesFrom
    .filter(entry => !entry.startsWith('container:'))
    .map(entry => [entry.split(':')[0] ?? entry, 'volume'] as const)
  return [...shared, ...volumes]
    .filter(([name]) => !isThere(name))
    .map(([name, what]) => `service ${service.name}: cannot share ${what} with service ${name}: container missing`)
}
