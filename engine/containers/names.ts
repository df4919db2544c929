import { randomBytes, randomInt } from 'node:crypto'

const adjectives = [
  'amber',
  'brave',
  'calm',
  'clever',
  'coral',
  'deep',
  'eager',
  'fair',
  'fleet',
  'gentle',
  'keen',
  'lively',
].concat([
  'mellow',
  'nimble',
  'patient',
  'quiet',
  'rapid',
  'silver',
  'steady',
  'sunny',
  'tidal',
  'vivid',
  'warm',
  'wise',
])
const vessels = [
  'barge',
  'bark',
  'brig',
  'canoe',
  'clipper',
  'cutter',
  'dinghy',
  'ferry',
  'frigate',
  'galley',
  'kayak',
  'ketch',
].concat([
  'lugger',
  'pinnace',
  'raft',
  'schooner',
  'skiff',
  'sloop',
  'tender',
  'trawler',
  'tug',
  'wherry',
  'yacht',
  'yawl',
])

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? ''

/** A container's name when its client gave none, e.g. `steady_clipper`; a number is added when that is taken. */
export function randomName(isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(adjectives)}_${pick(vessels)}${attempt < 5 ? '' : randomInt(10_000)}`
    if (!isTaken(name)) return name
  }
}

/** 64 hex digits whose first twelve are not all decimal: a short id must not look like a number (as dockerd). */
export function randomId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex')
    if (!/^\d{12}/.test(id)) return id
  }
}
