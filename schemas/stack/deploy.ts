import * as z from 'zod/mini'
import { anyNumber, deviceRequest, listOrMap, text, textList, wholeNumber } from './shapes.ts'

const order = z.enum(['start-first', 'stop-first'])

const rolling = {
  parallelism: z.optional(wholeNumber),
  delay: z.optional(text),
  failure_action: z.optional(text),
  monitor: z.optional(text),
  max_failure_ratio: z.optional(anyNumber),
  order: z.optional(order),
}

/** `services.*.deploy` */
export const deploySchema = z.nullable(
  z.strictObject({
    mode: z.optional(text),
    endpoint_mode: z.optional(text),
    replicas: z.optional(wholeNumber),
    labels: z.optional(listOrMap),
    rollback_config: z.optional(z.strictObject(rolling)),
    update_config: z.optional(z.strictObject(rolling)),
    resources: z.optional(
      z.strictObject({
        limits: z.optional(
          z.strictObject({
            cpus: z.optional(anyNumber),
            memory: z.optional(text),
            pids: z.optional(wholeNumber),
          }),
        ),
        reservations: z.optional(
          z.strictObject({
            cpus: z.optional(anyNumber),
            memory: z.optional(text),
            generic_resources: z.optional(
              z.array(
                z.strictObject({
                  discrete_resource_spec: z.optional(
                    z.strictObject({ kind: z.optional(text), value: z.optional(anyNumber) }),
                  ),
                }),
              ),
            ),
            devices: z.optional(z.array(deviceRequest)),
          }),
        ),
      }),
    ),
    restart_policy: z.optional(
      z.strictObject({
        condition: z.optional(text),
        delay: z.optional(text),
        max_attempts: z.optional(wholeNumber),
        window: z.optional(text),
      }),
    ),
    placement: z.optional(
      z.strictObject({
        constraints: z.optional(textList),
        preferences: z.optional(z.array(z.strictObject({ spread: z.optional(text) }))),
        max_replicas_per_node: z.optional(wholeNumber),
      }),
    ),
  }),
)
