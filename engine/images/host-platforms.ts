import { readFileSync } from 'node:fs'
import type { Platform } from './oci.ts'
import { hostPlatform, platformsRunBy } from './platform.ts'

/**
 * What x86-64-v2 and so on need, in the words of /proc/cpuinfo. Source: the x86-64 psABI, table 3.1. As in dockerd 28 without LZCNT (`abm`), which some
 * hypervisors hide.
 */
const amd64Levels: readonly (readonly string[])[] = [
  ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'],
  ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave'],
  ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
]

/** The variant of the CPU that /proc/cpuinfo describes; undefined for the plainest one. */
export function variantOf(architecture: string, cpuInfo: string): string | undefined {
  if (architecture === 'arm') {
    const version = /^CPU architecture\s*:\s*(\d+)/m.exec(cpuInfo)?.[1]
    return version === undefined ? undefined : `v${Math.min(8, Number(version))}`
  }
  if (architecture !== 'amd64') return undefined
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.trim().split(/\s+/))
  const missing = amd64Levels.findIndex(level => !level.every(flag => flags.has(flag)))
  const level = 1 + (missing < 0 ? amd64Levels.length : missing)
  return level === 1 ? undefined : `v${level}`
}

let found: readonly Platform[] | undefined

/** What runs on this machine, the best first: what an index is searched for when nobody asked for a platform. */
export function hostPlatforms(): readonly Platform[] {
  if (found !== undefined) return found
  const variant = variantOf(hostPlatform.architecture, readCpuInfo())
  found = platformsRunBy({ ...hostPlatform, ...(variant === undefined ? {} : { variant }) })
  return found
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
