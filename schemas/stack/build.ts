import * as z from 'zod/mini'
import { fileReference, flag, hostList, listOrMap, text, textList, textOrList, ulimits, wholeNumber } from './shapes.ts'

/** `services.*.build` */
export const buildSchema = z.union([
  z.string(),
  z.strictObject({
    context: z.optional(text),
    dockerfile: z.optional(text),
    dockerfile_inline: z.optional(text),
    entitlements: z.optional(textList),
    args: z.optional(listOrMap),
    ssh: z.optional(listOrMap),
    labels: z.optional(listOrMap),
    cache_from: z.optional(textList),
    cache_to: z.optional(textList),
    no_cache: z.optional(flag),
    no_cache_filter: z.optional(textOrList),
    additional_contexts: z.optional(listOrMap),
    network: z.optional(text),
    provenance: z.optional(flag),
    sbom: z.optional(flag),
    pull: z.optional(flag),
    target: z.optional(text),
    shm_size: z.optional(wholeNumber),
    extra_hosts: z.optional(hostList),
    isolation: z.optional(text),
    privileged: z.optional(flag),
    secrets: z.optional(z.array(fileReference)),
    tags: z.optional(textList),
    ulimits: z.optional(ulimits),
    platforms: z.optional(textList),
  }),
])
