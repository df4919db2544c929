/** The known name that a wrong one was most likely meant to be; undefined if none is near (more than a third of its letters differ). */
export function nearestName(wrong: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wrong.length / 3)) + 0.5
  for (const name of known) {
    const distance = editDistance(wrong.toLowerCase().replaceAll('-', '_'), name.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

export function didYouMean(wrong: string, known: Iterable<string>): string | undefined {
  const name = nearestName(wrong, known)
  return name === undefined ? undefined : `did you mean ${JSON.stringify(name)}?`
}

/** Insertions, deletions, replacements and swaps of neighbours, each 1; Infinity as soon as it must exceed `limit`. */
function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return Number.POSITIVE_INFINITY
  let beforePrevious: number[] = []
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row]
    let smallest = row
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1]
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (isSame ? 0 : 1),
      )
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1)
      }
      current[column] = cost
      smallest = Math.min(smallest, cost)
    }
    if (smallest > limit) return Number.POSITIVE_INFINITY
    beforePrevious = previous
    previous = current
  }
  return previous[other.length] ?? Number.POSITIVE_INFINITY
}
