/**
 * Turns chunks of bytes, cut anywhere, into whole lines. A character of several bytes is never torn: bytes are decoded by line.
 * `end` gives out a last line that had no newline.
 */
export function createLineSplitter(onLine: (line: string) => void): { write(chunk: Buffer): void; end(): void } {
  let rest: Buffer[] = []
  return {
    write(chunk) {
      let from = 0
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        const piece = chunk.subarray(from, at)
        onLine(rest.length === 0 ? piece.toString() : Buffer.concat([...rest, piece]).toString())
        rest = []
        from = at + 1
      }
      if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)))
    },
    end() {
      if (rest.length > 0) onLine(Buffer.concat(rest).toString())
      rest = []
    },
  }
}
