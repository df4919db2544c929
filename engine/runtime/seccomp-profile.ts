import * as z from 'zod/mini'
import { BerthError } from '../../schemas/errors.ts'
import type { OciSeccomp, OciSeccompRule } from '../../schemas/runtime/oci.ts'

const condition = z.optional(
  z.nullable(
    z.object({
      caps: z.optional(z.nullable(z.array(z.string()))),
      arches: z.optional(z.nullable(z.array(z.string()))),
      minKernel: z.optional(z.string()),
    }),
  ),
)

/** A profile in Docker's format (moby/profiles seccomp): the OCI one, with rules that hold only under conditions. */
const Profile = z.object({
  defaultAction: z.string(),
  defaultErrnoRet: z.optional(z.number()),
  architectures: z.optional(z.nullable(z.array(z.string()))),
  archMap: z.optional(
    z.nullable(z.array(z.object({ architecture: z.string(), subArchitectures: z.nullable(z.array(z.string())) }))),
  ),
  flags: z.optional(z.nullable(z.array(z.string()))),
  syscalls: z.optional(
    z.nullable(
      z.array(
        z.object({
          name: z.optional(z.string()),
          names: z.optional(z.nullable(z.array(z.string()))),
          action: z.string(),
          errnoRet: z.optional(z.number()),
          args: z.optional(
            z.nullable(
              z.array(
                z.object({ index: z.number(), value: z.number(), valueTwo: z.optional(z.number()), op: z.string() }),
              ),
            ),
          ),
          includes: condition,
          excludes: condition,
        }),
      ),
    ),
  ),
})

type Condition = z.infer<typeof condition>

const nativeArchitecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const seccompArchitecture = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'

/** Resolves a profile's conditions for this architecture and a container's capabilities. Throws INVALID_ARGUMENT for what is no profile. */
export function toOciSeccomp(text: string, capabilities: readonly string[]): OciSeccomp {
  const profile = parseProfile(text)
  const architectures =
    profile.archMap?.find(entry => entry.architecture === seccompArchitecture) === undefined
      ? (profile.architectures ?? [])
      : [
          seccompArchitecture,
          ...(profile.archMap.find(entry => entry.architecture === seccompArchitecture)?.subArchitectures ?? []),
        ]
  const syscalls = (profile.syscalls ?? [])
    .filter(rule => holds(rule.includes, capabilities, true) && !holds(rule.excludes, capabilities, false))
    .map(
      (rule): OciSeccompRule => ({
        names: rule.names ?? (rule.name === undefined ? [] : [rule.name]),
        action: rule.action,
        ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
        ...(rule.args
          ? {
              args: rule.args.map(({ valueTwo, ...arg }) => ({
                ...arg,
                ...(valueTwo === undefined ? {} : { valueTwo }),
              })),
            }
          : {}),
      }),
    )
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures,
    ...(profile.flags ? { flags: profile.flags } : {}),
    syscalls,
  }
}

function parseProfile(text: string): z.infer<typeof Profile> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      'opening seccomp profile failed: it must be the JSON text itself, "unconfined" or "builtin"',
      { cause },
    )
  }
  const parsed = Profile.safeParse(value)
  if (!parsed.success)
    throw new BerthError(
      'INVALID_ARGUMENT',
      `decoding seccomp profile failed: ${parsed.error.issues[0]?.message ?? ''}`,
    )
  return parsed.data
}

/** Includes hold when every part does; excludes when any does. `minKernel` is older than what Berth runs on. */
function holds(condition: Condition, capabilities: readonly string[], needsAll: boolean): boolean {
  const parts: boolean[] = []
  if (condition?.caps?.length) parts.push(condition.caps.some(name => capabilities.includes(name)))
  if (condition?.arches?.length) parts.push(condition.arches.includes(nativeArchitecture))
  return needsAll ? parts.every(Boolean) : parts.some(Boolean)
}
