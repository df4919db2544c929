import * as z from 'zod/mini'
import { type Attributes, attributes, number, texts } from './attributes.ts'

/** What a container of a service has reserved, kept on the container as JSON for those who come after it. */
export const reservationLabel = 'berth.reservation'

const shape = z.object({ cpus: z.optional(z.number()), memoryBytes: z.optional(z.number()) })

/** `deploy.resources.reservations`: CPUs and bytes of the host that are to be there for each container. */
export type Reservation = Readonly<z.output<typeof shape>>

export function reservationOf(deploy: Attributes): Reservation | undefined {
  const { cpus, memory } = attributes(attributes(deploy['resources'])['reservations'])
  const [cpuCount, memoryBytes] = [number(cpus), number(memory)]
  if (cpuCount === undefined && memoryBytes === undefined) return undefined
  return {
    ...(cpuCount !== undefined && { cpus: cpuCount }),
    ...(memoryBytes !== undefined && { memoryBytes }),
  }
}

/** Of a label; undefined = none that can be read. */
export function parseReservation(text: string): Reservation | undefined {
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** `deploy.placement`, the parts that say something of a host. */
export interface Placement {
  readonly constraints: readonly string[]
  /** 0 = any number. */
  readonly maxReplicas: number
}

export function placementOf(deploy: Attributes): Placement | undefined {
  const { constraints, max_replicas_per_node: most } = attributes(deploy['placement'])
  const placement = { constraints: texts(constraints), maxReplicas: number(most) ?? 0 }
  return placement.constraints.length === 0 && placement.maxReplicas === 0 ? undefined : placement
}
