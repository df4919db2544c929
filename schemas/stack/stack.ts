import * as z from 'zod/mini'
import { configSchema } from './configs.ts'
import { includeSchema } from './include.ts'
import { modelSchema } from './models.ts'
import { networkSchema } from './networks.ts'
import { secretSchema } from './secrets.ts'
import { serviceSchema } from './service.ts'
import { resourceName } from './shapes.ts'
import { volumeSchema } from './volumes.ts'

/**
 * A whole stack file as it may be written. `x-` keys are allowed at every level of the specification: the loader lets the
 * issues about them pass (`validate.ts`), which keeps these schemas strict and their JSON Schema short.
 */
export const stackSchema = z.strictObject({
  version: z.optional(z.string()),
  name: z.optional(z.string()),
  include: z.optional(z.array(includeSchema)),
  services: z.optional(z.record(resourceName, serviceSchema)),
  models: z.optional(z.record(resourceName, modelSchema)),
  networks: z.optional(z.record(resourceName, networkSchema)),
  volumes: z.optional(z.record(resourceName, volumeSchema)),
  secrets: z.optional(z.record(resourceName, secretSchema)),
  configs: z.optional(z.record(resourceName, configSchema)),
})
