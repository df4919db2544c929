import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { dockerfileError } from '../dockerfile/dockerfile-error.ts'
import type { CopyInstruction, Instruction } from '../dockerfile/instruction.ts'
import { madeFile } from './copy-plan.ts'
import type { Found } from './copy-sources.ts'

const maxBytes = 512 * 1024 * 1024

/** ADD of an address: a file of mode 600, with the server's Last-Modified as its time. */
export async function download(
  address: string,
  instruction: Instruction & CopyInstruction,
  signal: AbortSignal,
): Promise<Found> {
  const refuse = (message: string) => dockerfileError(instruction.position, 'ADD', `${address}: ${message}`)
  const response = await fetch(address, { signal }).catch((cause: unknown) => {
    throw refuse(
      cause instanceof Error ? String((cause.cause as Error | undefined)?.message ?? cause.message) : String(cause),
    )
  })
  if (!response.ok) throw refuse(`expected status 200, found ${response.status}`)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > maxBytes) throw refuse(`longer than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  const content = Buffer.concat(pieces)
  const { checksum } = instruction
  const found = `sha256:${createHash('sha256').update(content).digest('hex')}`
  if (checksum !== undefined && checksum !== found) throw refuse(`expected digest ${checksum}, found ${found}`)
  const name = posix.basename(new URL(response.url || address).pathname)
  if (name === '' && instruction.destination.endsWith('/')) throw refuse('cannot determine filename from url')
  const modified = Date.parse(response.headers.get('last-modified') ?? '')
  const seconds = Number.isNaN(modified) ? '0' : String(modified / 1000)
  return { ...madeFile(`/${name}`, content, seconds, 0o600), isRemote: true }
}
