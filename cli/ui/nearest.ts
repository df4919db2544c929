/** The candidate most like `word`, if it is close enough to be what was meant (Damerau-Levenshtein distance). */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: { readonly text: string; readonly distance: number } | undefined
  for (const text of candidates) {
    const distance = text.startsWith(word) && word.length > 1 ? 1 : editDistance(word, text)
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { text, distance }
  }
  return best?.text
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      const candidates = [
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (isSame ? 0 : 1),
      ]
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (isSwap) candidates.push(at(beforePrevious, column - 2) + 1)
      current.push(Math.min(...candidates))
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
