import type { Goal } from './plan.ts'

/** Names of ops, unique in a plan. They appear in reports and in JSON plans, so they are stable. */
export const key = {
  pull: (reference: string): string => `image/${reference}/pull`,
  build: (reference: string): string => `image/${reference}/build`,
  removeImage: (reference: string): string => `image/${reference}/remove`,
  network: (name: string, verb: 'create' | 'remove'): string => `network/${name}/${verb}`,
  volume: (name: string, verb: 'create' | 'remove'): string => `volume/${name}/${verb}`,
  container: (name: string, verb: ContainerVerb): string => `container/${name}/${verb}`,
  wait: (service: string, goal: Goal): string => `wait/${service}/${goal}`,
}

export type ContainerVerb = 'create' | 'start' | 'stop' | 'remove' | 'rename' | 'restart' | 'kill' | 'pause' | 'unpause'
