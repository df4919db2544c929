import { randomBytes } from 'node:crypto'
import { BerthError } from '../../schemas/errors.ts'

/** Label of volumes that nobody named. */
export const anonymousLabel = 'com.docker.volume.anonymous'

/** 64 hexadecimal digits. */
export function randomVolumeName(): string {
  return randomBytes(32).toString('hex')
}

/** Throws INVALID_ARGUMENT in dockerd's words; a valid name is one safe path component. */
export function checkVolumeName(name: string): void {
  if (name.length < 2) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    )
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new BerthError(
      'INVALID_ARGUMENT',
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    )
  }
  if (name.length > 255) throw new BerthError('INVALID_ARGUMENT', 'volume name is longer than 255 characters')
}
