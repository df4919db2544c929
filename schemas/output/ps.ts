import * as z from 'zod/mini'

/** One line of `berth ps --format json`: one container, with the members of `docker compose ps --format json`. */
export const psRow = z.strictObject({
  ID: z.string(),
  Name: z.string(),
  Names: z.string(),
  Project: z.string(),
  Service: z.string(),
  Image: z.string(),
  Command: z.string(),
  /** `2026-01-31 12:00:00 +0000 UTC` */
  CreatedAt: z.string(),
  RunningFor: z.string(),
  State: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
  Status: z.string(),
  /** Empty without a health check. */
  Health: z.string(),
  ExitCode: z.number(),
  Ports: z.string(),
  Publishers: z.array(
    z.strictObject({ URL: z.string(), TargetPort: z.number(), PublishedPort: z.number(), Protocol: z.string() }),
  ),
  Labels: z.string(),
  Networks: z.string(),
  Mounts: z.string(),
  LocalVolumes: z.string(),
  Size: z.string(),
})

export type PsRow = z.output<typeof psRow>
