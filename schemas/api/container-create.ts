import * as z from 'zod/mini'
import type { ContainerExtension } from './berth.ts'
import { networkingConfig } from './endpoint.ts'
import { field, flag, integer, nameSet, text, textMap, textOrTexts, texts } from './field.ts'
import { hostConfig } from './host-config.ts'

/** Times in nanoseconds; 0 inherits the image's value. `Test` `[]` inherits, `['NONE']` disables. */
export const healthConfig = z.object({
  Test: field(texts),
  Interval: field(integer),
  Timeout: field(integer),
  Retries: field(integer),
  StartPeriod: field(integer),
  StartInterval: field(integer),
})

const containerConfigFields = {
  Hostname: field(text),
  Domainname: field(text),
  User: field(text),
  AttachStdin: field(flag),
  AttachStdout: field(flag),
  AttachStderr: field(flag),
  ExposedPorts: field(nameSet),
  Tty: field(flag),
  OpenStdin: field(flag),
  StdinOnce: field(flag),
  Env: field(texts),
  Cmd: field(textOrTexts),
  Healthcheck: field(healthConfig),
  ArgsEscaped: field(flag),
  Image: field(text),
  Volumes: field(nameSet),
  WorkingDir: field(text),
  Entrypoint: field(textOrTexts),
  NetworkDisabled: field(flag),
  MacAddress: field(text),
  OnBuild: field(texts),
  Labels: field(textMap),
  StopSignal: field(text),
  /** Seconds. */
  StopTimeout: field(integer),
  Shell: field(texts),
} as const

export const containerConfig = z.object(containerConfigFields)

const berthExtension: z.ZodMiniType<ContainerExtension> = z.object({
  Oom: z.exactOptional(
    z.object({
      action: z.enum(['restart', 'stop', 'ignore']),
      scope: z.enum(['container', 'process']),
      maxRestarts: integer,
      windowMs: integer,
      backoff: z.object({ initialMs: z.number(), factor: z.number(), maxMs: z.number(), resetAfterMs: z.number() }),
      grow: z.exactOptional(z.object({ factor: z.number(), limitBytes: integer })),
    }),
  ),
  Files: z.exactOptional(z.array(z.object({ Path: text, Mode: integer, Uid: integer, Gid: integer, Content: text }))),
  Priority: z.exactOptional(z.number()),
})

/** Body of POST /containers/create. */
export const containerCreateRequest = z.object({
  ...containerConfigFields,
  HostConfig: field(hostConfig),
  NetworkingConfig: field(networkingConfig),
  Berth: field(berthExtension),
})

export type HealthConfig = z.output<typeof healthConfig>
export type ContainerConfig = z.output<typeof containerConfig>
export type ContainerCreateRequest = z.output<typeof containerCreateRequest>

export interface ContainerCreateResponse {
  readonly Id: string
  readonly Warnings: readonly string[]
}
