import { BerthError } from '../../schemas/errors.ts'
import type { OciSeccomp } from '../../schemas/runtime/oci.ts'
import { toOciSeccomp } from './seccomp-profile.ts'

/** HostConfig.SecurityOpt, understood. */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean
  readonly seccomp: 'default' | 'unconfined' | OciSeccomp
  readonly systemPathsUnconfined: boolean
}

/**
 * Parses `no-new-privileges[:true]`, `seccomp=unconfined|builtin|{profile}`, `systempaths=unconfined`, `apparmor=…` and `label=…`.
 * The last two name systems that this engine does not drive: `unconfined` and `disable` are what happens anyway, anything else is refused.
 */
export function parseSecurityOptions(options: readonly string[], capabilities: readonly string[]): SecurityOptions {
  let noNewPrivileges = false
  let seccomp: SecurityOptions['seccomp'] = 'default'
  let systemPathsUnconfined = false
  for (const option of options) {
    const [name, value] = splitOption(option)
    if (name === 'no-new-privileges') noNewPrivileges = value === undefined || parseBoolean(option, value)
    else if (name === 'seccomp' && value !== undefined) seccomp = parseSeccomp(value, capabilities)
    else if (name === 'systempaths' && value === 'unconfined') systemPathsUnconfined = true
    else if (name === 'apparmor' && (value === 'unconfined' || value === '')) continue
    else if (name === 'label' && value === 'disable') continue
    else throw new BerthError('INVALID_ARGUMENT', `invalid --security-opt: "${option.slice(0, 100)}"`)
  }
  return { noNewPrivileges, seccomp, systemPathsUnconfined }
}

/** `name=value`, or the older `name:value`. */
function splitOption(option: string): readonly [string, string | undefined] {
  const match = /^([a-z-]+)(?:[=:]([\s\S]*))?$/.exec(option)
  return [match?.[1] ?? option, match?.[2]]
}

function parseBoolean(option: string, value: string): boolean {
  if (['1', 't', 'true', 'True', 'TRUE', 'T'].includes(value)) return true
  if (['0', 'f', 'false', 'False', 'FALSE', 'F'].includes(value)) return false
  throw new BerthError('INVALID_ARGUMENT', `invalid --security-opt: "${option}"`)
}

function parseSeccomp(value: string, capabilities: readonly string[]): SecurityOptions['seccomp'] {
  if (value === 'unconfined') return 'unconfined'
  if (value === 'builtin' || value === 'default') return 'default'
  return toOciSeccomp(value, capabilities)
}
