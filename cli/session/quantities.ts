import { InvalidArgumentError } from 'commander'

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
}

/** `512m`, `1.5g`, `1gb`, `1GiB` or plain bytes, as docker's flags take sizes (go-units RAMInBytes); `-1` passes for "no limit". */
export function byteSize(text: string): number {
  if (text === '-1') return -1
  const [, amount, unit = ''] = text.trim().match(/^(\d+(?:\.\d+)?)\s?([kmgtp]?)(?:i?b)?$/i) ?? []
  const factor = units[unit.toLowerCase()]
  if (amount === undefined || factor === undefined)
    throw new InvalidArgumentError('Expected a size such as 512m, 1.5g or a number of bytes.')
  return Math.floor(Number(amount) * factor)
}

/** A number that may have a fraction. */
export function decimal(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new InvalidArgumentError('Expected a number such as 1.5.')
  return number
}
