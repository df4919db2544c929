import { constants } from 'node:os'
import { BerthError } from '../../schemas/errors.ts'

const realtimeMin = 34
const realtimeMax = 64

/** `9`, `KILL`, `SIGKILL`, `RTMIN+3` -> the signal's number. Throws INVALID_ARGUMENT with dockerd's text. */
export function parseSignal(text: string): number {
  if (/^\d{1,3}$/.test(text)) {
    const number = Number(text)
    if (number >= 1 && number <= realtimeMax) return number
    if (number !== 0) throw new BerthError('INVALID_ARGUMENT', `the linux daemon does not support signal ${number}`)
  } else {
    const name = text.toUpperCase().replace(/^SIG/, '')
    const known = (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`]
    if (known !== undefined) return known
    const realtime = parseRealtime(name)
    if (realtime !== undefined) return realtime
  }
  throw new BerthError('INVALID_ARGUMENT', `invalid signal: ${text}`)
}

/** The same for what a request says, with what could not be done: `cannot kill container: web: invalid signal: x`. */
export function requestedSignal(text: string, failed: string): number {
  try {
    return parseSignal(text)
  } catch (error) {
    throw new BerthError('INVALID_ARGUMENT', `${failed}: ${error instanceof Error ? error.message : error}`)
  }
}

function parseRealtime(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name)
  if (match === null) return undefined
  const base = match[1] === 'MIN' ? realtimeMin : realtimeMax
  const offset = match[3] === undefined ? 0 : Number(match[3])
  const number = match[2] === '-' ? base - offset : base + offset
  return number >= realtimeMin && number <= realtimeMax ? number : undefined
}
