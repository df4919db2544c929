import { readFileSync } from 'node:fs'
import { BerthError } from '../../../schemas/errors.ts'
import { formatPlatform } from '../../../schemas/platform.ts'
import { hostPlatform } from '../../images/platform.ts'
import type { BuildContext } from '../build-context.ts'
import { dockerfileError } from '../dockerfile/dockerfile-error.ts'
import type { Instruction, RunInstruction } from '../dockerfile/instruction.ts'
import type { StageState } from '../stage-state.ts'

/** Throws for a RUN that was not allowed, or whose programs do not run on this machine. */
export function checkRun(
  { request }: BuildContext,
  { base }: StageState,
  instruction: Instruction & RunInstruction,
): void {
  if (instruction.isInsecure && !request.entitlements.has('security.insecure')) {
    throw dockerfileError(
      instruction.position,
      'RUN',
      '--security=insecure needs the entitlement security.insecure: --allow security.insecure, or build.entitlements',
    )
  }
  const architecture = base?.architecture ?? hostPlatform.architecture
  if (runsHere(architecture)) return
  const { file, line } = instruction.position
  throw new BerthError(
    'NOT_IMPLEMENTED',
    `${file}:${line}: RUN: programs for ${architecture} do not run on this machine, which is ${formatPlatform(hostPlatform)}`,
    { hint: 'register an emulator (Debian: qemu-user-static), or copy from a stage on FROM --platform=$BUILDPLATFORM' },
  )
}

/** Names of architectures in binfmt_misc, where qemu registers its emulators. */
const emulators: Readonly<Record<string, string>> = {
  amd64: 'qemu-x86_64',
  arm64: 'qemu-aarch64',
  arm: 'qemu-arm',
  riscv64: 'qemu-riscv64',
  ppc64le: 'qemu-ppc64le',
  s390x: 'qemu-s390x',
}

function runsHere(architecture: string): boolean {
  const own = hostPlatform.architecture
  if (architecture === own || (own === 'amd64' && architecture === '386')) return true
  try {
    return readFileSync(`/proc/sys/fs/binfmt_misc/${emulators[architecture] ?? '-'}`, 'utf8').startsWith('enabled')
  } catch {
    return false
  }
}
