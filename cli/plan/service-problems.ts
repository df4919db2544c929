import type { Service } from '../model/project.ts'

/** What services ask for and no container can have, in Compose's words: told before anything is made. */
export function serviceProblems(services: readonly Service[]): readonly string[] {
  const owners = new Map<string, string>()
  return services
    .filter(({ scale }) => scale > 0)
    .flatMap(({ name, containerName, healthcheck }) => {
      const problems: string[] = []
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
